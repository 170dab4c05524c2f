package kyso.judges;

import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.crypto.XMLStructure;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.DigestMethodParameterSpec;
import javax.xml.crypto.dsig.spec.SignatureMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import org.w3c.dom.Document;

/**
 * {@code document}, {@code pkcs12}, {@code password}, {@code c14n}, {@code method}, {@code digest} (URIs), {@code references} ({@code uri},
 * {@code transforms}): the signature that the JDK's own XML signatures make, the last child of the document element. With
 * {@code enveloping} the document goes into an Object of that id, and the Signature is the whole answer.
 */
final class XmlDsigSigning {
    private XmlDsigSigning() {}

    static Map<String, Object> answer(JsonObject question) throws Exception {
        long start = System.nanoTime();
        char[] password = question.get("password").getAsString().toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(Question.octets(question.get("pkcs12"))), password);
        String alias = store.aliases().nextElement();
        XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM", "XMLDSig");
        List<Reference> references = new ArrayList<>();
        for (JsonObject asked : Question.objects(question, "references")) {
            List<Transform> transforms = new ArrayList<>();
            for (String uri : Question.texts(asked, "transforms")) {
                transforms.add(factory.newTransform(uri, (TransformParameterSpec) null));
            }
            references.add(factory.newReference(
                    asked.get("uri").getAsString(),
                    factory.newDigestMethod(question.get("digest").getAsString(), (DigestMethodParameterSpec) null),
                    transforms,
                    null,
                    null));
        }
        KeyInfoFactory keys = factory.getKeyInfoFactory();
        Document document = Dom.parsed(Question.octets(question.get("document")));
        Document result = document;
        List<XMLObject> objects = new ArrayList<>();
        DOMSignContext context = new DOMSignContext((PrivateKey) store.getKey(alias, password), document.getDocumentElement());
        if (question.has("enveloping")) {
            XMLStructure content = new DOMStructure(document.getDocumentElement());
            objects.add(factory.newXMLObject(List.of(content), question.get("enveloping").getAsString(), null, null));
            result = Dom.parsed("<empty/>".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            result.removeChild(result.getDocumentElement());
            context = new DOMSignContext((PrivateKey) store.getKey(alias, password), result);
        }
        context.setDefaultNamespacePrefix("ds");
        factory.newXMLSignature(
                        factory.newSignedInfo(
                                factory.newCanonicalizationMethod(
                                        question.get("c14n").getAsString(), (C14NMethodParameterSpec) null),
                                factory.newSignatureMethod(
                                        question.get("method").getAsString(), (SignatureMethodParameterSpec) null),
                                references),
                        keys.newKeyInfo(List.of(keys.newX509Data(List.of(store.getCertificateChain(alias))))),
                        objects,
                        "java-signature",
                        null)
                .sign(context);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("signed", Base64.getEncoder().encodeToString(Dom.written(result)));
        answer.put("took_ms", (System.nanoTime() - start) / 1e6);
        return answer;
    }
}
