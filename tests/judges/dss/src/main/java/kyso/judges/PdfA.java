package kyso.judges;

import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** {@code document}, {@code profile} (1b, 2b, 2u, 3b, ua1 …): whether veraPDF finds the file compliant, and what it fails. */
final class PdfA {
    private static final int MAX_TOLD = 20; // per rule and file: enough to see what is wrong

    static {
        VeraGreenfieldFoundryProvider.initialise();
    }

    private PdfA() {}

    static Map<String, Object> answer(JsonObject question) throws Exception {
        long start = System.nanoTime();
        PDFAFlavour flavour = PDFAFlavour.byFlavourId(question.get("profile").getAsString());
        if (flavour == PDFAFlavour.NO_FLAVOUR) {
            return Map.of("error", "unknown profile: " + question.get("profile").getAsString());
        }
        byte[] octets = Question.octets(question.get("document"));
        ValidationResult result;
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new ByteArrayInputStream(octets), flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, MAX_TOLD, false, true, false)) {
            result = validator.validate(parser);
        }
        List<String> failures = new ArrayList<>();
        for (TestAssertion assertion : result.getTestAssertions()) {
            if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                failures.add(
                        assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber() + ": "
                                + assertion.getMessage() + " [" + assertion.getLocation().getContext() + "] "
                                + assertion.getErrorMessage());
            }
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("compliant", result.isCompliant());
        answer.put("checks", result.getTotalAssertions());
        answer.put("failures", failures);
        answer.put("took_ms", (System.nanoTime() - start) / 1e6);
        return answer;
    }
}
