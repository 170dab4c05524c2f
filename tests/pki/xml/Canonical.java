import com.sun.org.apache.xml.internal.security.Init;
import com.sun.org.apache.xml.internal.security.c14n.Canonicalizer;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.util.Base64;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Canonicalises the element with the attribute apex in each document: `method prefixes document` in base64, by line. */
public final class Canonical {
    public static void main(String[] arguments) throws Exception {
        Init.init();
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] asked = line.split(" ", -1);
            byte[] xml = Base64.getDecoder().decode(asked[2]);
            Document document = factory.newDocumentBuilder().parse(new ByteArrayInputStream(xml));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            Canonicalizer canonicalizer = Canonicalizer.getInstance(asked[0]);
            if (asked[1].isEmpty()) {
                canonicalizer.canonicalizeSubtree(apex(document), out);
            } else {
                canonicalizer.canonicalizeSubtree(apex(document), asked[1].replace(',', ' '), out);
            }
            System.out.println(Base64.getEncoder().encodeToString(out.toByteArray()));
        }
    }

    private static Element apex(Document document) {
        NodeList all = document.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            if (((Element) all.item(i)).hasAttribute("apex")) {
                return (Element) all.item(i);
            }
        }
        throw new IllegalArgumentException("no apex");
    }
}
