package kyso.judges;

import com.google.gson.JsonObject;
import java.io.InputStream;
import java.security.Key;
import java.security.PublicKey;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.xml.crypto.AlgorithmMethod;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.KeySelectorException;
import javax.xml.crypto.KeySelectorResult;
import javax.xml.crypto.XMLCryptoContext;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.X509Data;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/**
 * {@code document}, {@code anchors}, {@code at}: what the JDK's own XML signatures (javax.xml.crypto, with secure validation) say of every
 * ds:Signature, and the octets that each of its references hashed. The key is that of the end entity in X509Data, which must chain
 * to an anchor (PKIX, no revocation).
 */
final class XmlDsigValidation {
    private XmlDsigValidation() {}

    static Map<String, Object> answer(JsonObject question) throws Exception {
        long start = System.nanoTime();
        Document document = Dom.parsed(Question.octets(question.get("document")));
        NodeList found = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
        List<Object> signatures = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            EndEntity selector = new EndEntity(question);
            DOMValidateContext context = new DOMValidateContext(selector, found.item(i));
            context.setProperty("org.jcp.xml.dsig.secureValidation", true);
            context.setProperty("javax.xml.crypto.dsig.cacheReference", true);
            signatures.add(signature(context, selector));
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("signatures", signatures);
        answer.put("took_ms", (System.nanoTime() - start) / 1e6);
        return answer;
    }

    private static Map<String, Object> signature(DOMValidateContext context, EndEntity selector) {
        Map<String, Object> told = new LinkedHashMap<>();
        List<Object> references = new ArrayList<>();
        told.put("valid", false);
        told.put("references", references);
        try {
            XMLSignature signature = XMLSignatureFactory.getInstance("DOM", "XMLDSig").unmarshalXMLSignature(context);
            boolean core = signature.validate(context); // first: it fills the caches that are read below
            for (Object one : signature.getSignedInfo().getReferences()) {
                Reference reference = (Reference) one;
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("uri", String.valueOf(reference.getURI()));
                row.put("valid", reference.validate(context));
                try (InputStream octets = reference.getDigestInputStream()) {
                    row.put("octets", octets == null ? "" : Base64.getEncoder().encodeToString(octets.readAllBytes()));
                }
                references.add(row);
            }
            told.put("value", signature.getSignatureValue().validate(context));
            selector.requirePath();
            told.put("valid", core);
            told.put("error", "");
        } catch (Exception e) {
            StringBuilder words = new StringBuilder();
            for (Throwable t = e; t != null; t = t.getCause()) {
                words.append(words.length() == 0 ? "" : ": ").append(t.getClass().getSimpleName()).append(" ").append(t.getMessage());
            }
            told.put("error", words.toString());
        }
        return told;
    }

    /** The key of the certificate in X509Data that issued none of the others there. */
    private static final class EndEntity extends KeySelector {
        private final JsonObject question;
        private final List<X509Certificate> given = new ArrayList<>();
        private X509Certificate chosen;

        EndEntity(JsonObject question) {
            this.question = question;
        }

        @Override
        public KeySelectorResult select(KeyInfo keyInfo, Purpose purpose, AlgorithmMethod method, XMLCryptoContext context)
                throws KeySelectorException {
            if (keyInfo == null) {
                throw new KeySelectorException("no KeyInfo");
            }
            given.clear();
            for (Object structure : keyInfo.getContent()) {
                if (structure instanceof X509Data data) {
                    data.getContent().stream().filter(X509Certificate.class::isInstance).forEach(c -> given.add((X509Certificate) c));
                }
            }
            chosen = given.stream()
                    .filter(c -> given.stream().noneMatch(o -> o != c && o.getIssuerX500Principal().equals(c.getSubjectX500Principal())))
                    .findFirst()
                    .orElseThrow(() -> new KeySelectorException("no X509Certificate"));
            PublicKey key = chosen.getPublicKey();
            return (KeySelectorResult) () -> (Key) key;
        }

        void requirePath() throws Exception {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            Set<TrustAnchor> anchors = new LinkedHashSet<>();
            for (byte[] anchor : Question.list(question, "anchors")) {
                anchors.add(new TrustAnchor(
                        (X509Certificate) factory.generateCertificate(new java.io.ByteArrayInputStream(anchor)), null));
            }
            X509CertSelector target = new X509CertSelector();
            target.setCertificate(chosen);
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Question.time(question, "at"));
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(given)));
            CertPathBuilder.getInstance("PKIX").build(parameters);
        }
    }
}
