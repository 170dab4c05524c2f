package kyso.judges;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.enumerations.CommitmentTypeEnum;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignerLocation;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.reference.Base64Transform;
import eu.europa.esig.dss.xades.reference.CanonicalizationTransform;
import eu.europa.esig.dss.xades.reference.DSSReference;
import eu.europa.esig.dss.xades.reference.DSSTransform;
import eu.europa.esig.dss.xades.reference.EnvelopedSignatureTransform;
import eu.europa.esig.dss.xades.reference.XPath2FilterTransform;
import eu.europa.esig.dss.xades.reference.XPathTransform;
import eu.europa.esig.dss.xades.signature.XAdESCounterSignatureParameters;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code document}, {@code pkcs12}, {@code password}, {@code level} (B-B to B-LTA), {@code at}, {@code packaging} (ENVELOPED, ENVELOPING,
 * DETACHED, INTERNALLY_DETACHED), and what {@link Trust} reads: the XAdES signature that DSS makes. More on demand: {@code name} of a
 * detached document, {@code hash}, {@code pss}, {@code c14n} (of SignedInfo and SignedProperties), {@code references} ({@code uri},
 * {@code transforms}: URIs, or XPath), {@code xades132} (SigningCertificate of XAdES 1.3.2), {@code place} (an XPath to the parent), {@code city},
 * {@code role}, {@code commitment}, {@code counter} (the id of a signature to be counter-signed), {@code tsa}. Without a key
 * ({@code extend}) the document's signatures grow to the level.
 */
final class XmlSigning {
    private static final String EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";

    private XmlSigning() {}

    static Map<String, Object> answer(JsonObject question) {
        long start = System.nanoTime();
        DSSDocument document =
                new InMemoryDocument(Question.octets(question.get("document")), Question.text(question, "name", "document.xml"));
        XAdESService service = new XAdESService(Trust.of(question));
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

    private static DSSDocument extended(XAdESService service, DSSDocument document, JsonObject question) {
        XAdESSignatureParameters parameters = new XAdESSignatureParameters();
        parameters.setSignatureLevel(level(question));
        return service.extendDocument(document, parameters);
    }

    private static DSSDocument signed(XAdESService service, DSSDocument document, JsonObject question) {
        char[] password = question.get("password").getAsString().toCharArray();
        try (Pkcs12SignatureToken token =
                new Pkcs12SignatureToken(Question.octets(question.get("pkcs12")), new KeyStore.PasswordProtection(password))) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            if (question.has("counter")) {
                XAdESCounterSignatureParameters parameters = new XAdESCounterSignatureParameters();
                fill(parameters, key, question, document);
                parameters.setSignatureIdToCounterSign(question.get("counter").getAsString());
                return service.counterSignSignature(
                        document,
                        parameters,
                        token.sign(service.getDataToBeCounterSigned(document, parameters), parameters.getSignatureAlgorithm(), key));
            }
            XAdESSignatureParameters parameters = new XAdESSignatureParameters();
            parameters.setSignaturePackaging(SignaturePackaging.valueOf(Question.text(question, "packaging", "ENVELOPED")));
            fill(parameters, key, question, document);
            return service.signDocument(
                    document,
                    parameters,
                    token.sign(service.getDataToSign(document, parameters), parameters.getSignatureAlgorithm(), key));
        }
    }

    private static void fill(
            XAdESSignatureParameters parameters, DSSPrivateKeyEntry key, JsonObject question, DSSDocument document) {
        parameters.setSignatureLevel(level(question));
        parameters.setDigestAlgorithm(DigestAlgorithm.valueOf(Question.text(question, "hash", "SHA256")));
        parameters.setSigningCertificate(key.getCertificate());
        parameters.setCertificateChain(key.getCertificateChain());
        if (Question.yes(question, "pss")) {
            parameters.setEncryptionAlgorithm(EncryptionAlgorithm.RSASSA_PSS);
        }
        parameters.bLevel().setSigningDate(Question.time(question, "at"));
        parameters.setEn319132(!Question.yes(question, "xades132"));
        String method = Question.text(question, "c14n", EXCLUSIVE);
        parameters.setSignedInfoCanonicalizationMethod(method);
        parameters.setSignedPropertiesCanonicalizationMethod(method);
        if (question.has("place")) {
            parameters.setXPathLocationString(question.get("place").getAsString());
        }
        if (question.has("role")) {
            parameters.bLevel().setClaimedSignerRoles(List.of(question.get("role").getAsString()));
        }
        if (question.has("city")) {
            SignerLocation location = new SignerLocation();
            location.setLocality(question.get("city").getAsString());
            parameters.bLevel().setSignerLocation(location);
        }
        if (question.has("commitment")) {
            parameters
                    .bLevel()
                    .setCommitmentTypeIndications(
                            List.of(CommitmentTypeEnum.valueOf(question.get("commitment").getAsString())));
        }
        List<DSSReference> references = new ArrayList<>();
        for (JsonObject asked : Question.objects(question, "references")) {
            references.add(reference("r-" + (references.size() + 1), asked, parameters, document));
        }
        if (!references.isEmpty()) {
            parameters.setReferences(references);
        }
    }

    private static DSSReference reference(
            String id, JsonObject asked, XAdESSignatureParameters parameters, DSSDocument document) {
        List<DSSTransform> transforms = new ArrayList<>();
        for (String uri : Question.texts(asked, "transforms")) {
            transforms.add(transform(uri));
        }
        DSSReference reference = new DSSReference();
        reference.setId(id);
        reference.setUri(asked.get("uri").getAsString());
        reference.setContents(document);
        reference.setDigestMethodAlgorithm(parameters.getDigestAlgorithm());
        reference.setTransforms(transforms);
        return reference;
    }

    /** A URI, or {@code xpath:EXPRESSION}, {@code intersect:EXPRESSION}, {@code subtract:EXPRESSION}. */
    private static DSSTransform transform(String asked) {
        if (asked.startsWith("xpath:")) {
            return new XPathTransform(asked.substring("xpath:".length()));
        }
        if (asked.startsWith("intersect:") || asked.startsWith("subtract:")) {
            int colon = asked.indexOf(':');
            return new XPath2FilterTransform(asked.substring(colon + 1), asked.substring(0, colon));
        }
        if (asked.endsWith("#enveloped-signature")) {
            return new EnvelopedSignatureTransform();
        }
        return asked.endsWith("#base64") ? new Base64Transform() : new CanonicalizationTransform(asked);
    }

    private static SignatureLevel level(JsonObject question) {
        return SignatureLevel.valueByName("XAdES-BASELINE-" + question.get("level").getAsString().substring(2));
    }
}
