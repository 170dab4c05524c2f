package kyso.judges;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One JVM that answers one JSON object per line with one JSON object per line, until its input ends.
 *
 * <p>{@code {"do": "validate" | "sign" | "sign-xml" | "validate-xmldsig" | …}}: the classes below tell the fields. Octets are base64, times
 * are ISO 8601. An answer holds {@code took_ms}, the judge's own time without JSON; whatever goes wrong is {@code {"error": …}}.
 */
public final class Main {
    private static final Gson GSON = new Gson();

    private Main() {}

    public static void main(String[] arguments) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // a library that prints must not break the protocol
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            answers.println(GSON.toJson(answer(line)));
        }
    }

    /** Throwable, because a judge that runs out of stack on a file has an answer too: it cannot say that it is good. */
    private static Map<String, Object> answer(String line) {
        try {
            JsonObject question = JsonParser.parseString(line).getAsJsonObject();
            String what = question.get("do").getAsString();
            return switch (what) {
                case "validate" -> Validation.answer(question);
                case "sign" -> Signing.answer(question);
                case "sign-xml" -> XmlSigning.answer(question);
                case "sign-cms" -> CmsSigning.answer(question);
                case "validate-xmldsig" -> XmlDsigValidation.answer(question);
                case "sign-xmldsig" -> XmlDsigSigning.answer(question);
                case "trusted-list" -> TrustedLists.answer(question);
                case "sign-trusted-list" -> TrustedLists.signed(question);
                case "pdfa" -> PdfA.answer(question);
                default -> Map.of("error", "unknown: " + what);
            };
        } catch (Throwable e) {
            return Map.of("error", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }
}
