package kyso.judges;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import java.security.KeyStore;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code document} (PDF), {@code pkcs12}, {@code password}, {@code level} (B-B, B-T, B-LT, B-LTA), {@code at}; {@code tsa} (a URL on
 * loopback), {@code permission} (certify with DocMDP 1–3), {@code field}, and what {@link Trust} reads: the PDF that DSS signs.
 */
final class Signing {
    private Signing() {}

    static Map<String, Object> answer(JsonObject question) {
        long start = System.nanoTime();
        DSSDocument document = new InMemoryDocument(Question.octets(question.get("document")));
        char[] password = question.get("password").getAsString().toCharArray();
        PAdESService service = new PAdESService(Trust.of(question));
        if (question.has("tsa")) {
            service.setTspSource(new Authority(question.get("tsa").getAsString()));
        }
        try (Pkcs12SignatureToken token =
                new Pkcs12SignatureToken(Question.octets(question.get("pkcs12")), new KeyStore.PasswordProtection(password))) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            PAdESSignatureParameters parameters = new PAdESSignatureParameters();
            parameters.setSignatureLevel(
                    SignatureLevel.valueByName("PAdES-BASELINE-" + question.get("level").getAsString().substring(2)));
            parameters.setDigestAlgorithm(DigestAlgorithm.SHA256);
            parameters.setSigningCertificate(key.getCertificate());
            parameters.setCertificateChain(key.getCertificateChain());
            parameters.bLevel().setSigningDate(Question.time(question, "at"));
            if (question.has("field")) {
                parameters.getImageParameters().getFieldParameters().setFieldId(question.get("field").getAsString());
            }
            if (question.has("permission")) {
                parameters.setPermission(CertificationPermission.fromCode(question.get("permission").getAsInt()));
            }
            SignatureValue value = token.sign(service.getDataToSign(document, parameters), DigestAlgorithm.SHA256, key);
            DSSDocument signed = service.signDocument(document, parameters, value);
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("signed", Base64.getEncoder().encodeToString(DSSUtils.toByteArray(signed)));
            answer.put("took_ms", (System.nanoTime() - start) / 1e6);
            return answer;
        }
    }
}
