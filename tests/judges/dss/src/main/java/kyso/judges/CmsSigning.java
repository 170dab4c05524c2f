package kyso.judges;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESCounterSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import java.security.KeyStore;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code document}, {@code pkcs12}, {@code password}, {@code level} (B-B to B-LTA), {@code at}, {@code packaging} (ENVELOPING, DETACHED), and
 * what {@link Trust} reads: the CAdES signature that DSS makes; one more signer where the document is a signature file, whose content is
 * {@code content} when it is not inside. More on demand: {@code pss}, {@code tsa}, {@code counter} (the id of a signature to be
 * counter-signed). Without a key ({@code extend}) the signatures grow to the level.
 */
final class CmsSigning {
    private CmsSigning() {}

    static Map<String, Object> answer(JsonObject question) {
        long start = System.nanoTime();
        DSSDocument document = new InMemoryDocument(Question.octets(question.get("document")), "document.bin");
        CAdESService service = new CAdESService(Trust.of(question));
        if (question.has("tsa")) {
            service.setTspSource(new Authority(question.get("tsa").getAsString()));
        }
        DSSDocument signed =
                Question.yes(question, "extend") ? extended(service, document, question) : signed(service, document, question);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("signed", Base64.getEncoder().encodeToString(DSSUtils.toByteArray(signed)));
        answer.put("took_ms", (System.nanoTime() - start) / 1e6);
        return answer;
    }

    private static DSSDocument extended(CAdESService service, DSSDocument document, JsonObject question) {
        CAdESSignatureParameters parameters = new CAdESSignatureParameters();
        parameters.setSignatureLevel(level(question));
        content(parameters, question);
        return service.extendDocument(document, parameters);
    }

    private static DSSDocument signed(CAdESService service, DSSDocument document, JsonObject question) {
        char[] password = question.get("password").getAsString().toCharArray();
        try (Pkcs12SignatureToken token =
                new Pkcs12SignatureToken(Question.octets(question.get("pkcs12")), new KeyStore.PasswordProtection(password))) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            if (question.has("counter")) {
                CAdESCounterSignatureParameters parameters = new CAdESCounterSignatureParameters();
                fill(parameters, key, question);
                parameters.setSignatureIdToCounterSign(question.get("counter").getAsString());
                return service.counterSignSignature(
                        document,
                        parameters,
                        token.sign(service.getDataToBeCounterSigned(document, parameters), parameters.getSignatureAlgorithm(), key));
            }
            CAdESSignatureParameters parameters = new CAdESSignatureParameters();
            parameters.setSignaturePackaging(SignaturePackaging.valueOf(Question.text(question, "packaging", "DETACHED")));
            fill(parameters, key, question);
            return service.signDocument(
                    document,
                    parameters,
                    token.sign(service.getDataToSign(document, parameters), parameters.getSignatureAlgorithm(), key));
        }
    }

    private static void fill(CAdESSignatureParameters parameters, DSSPrivateKeyEntry key, JsonObject question) {
        parameters.setSignatureLevel(level(question));
        parameters.setDigestAlgorithm(DigestAlgorithm.SHA256);
        parameters.setSigningCertificate(key.getCertificate());
        parameters.setCertificateChain(key.getCertificateChain());
        if (Question.yes(question, "pss")) {
            parameters.setEncryptionAlgorithm(EncryptionAlgorithm.RSASSA_PSS);
        }
        parameters.bLevel().setSigningDate(Question.time(question, "at"));
        content(parameters, question);
    }

    private static void content(CAdESSignatureParameters parameters, JsonObject question) {
        if (question.has("content")) {
            parameters.setDetachedContents(List.of(new InMemoryDocument(Question.octets(question.get("content")), "document.bin")));
        }
    }

    private static SignatureLevel level(JsonObject question) {
        return SignatureLevel.valueByName("CAdES-BASELINE-" + question.get("level").getAsString().substring(2));
    }
}
