package kyso.judges;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;

/** Reads the fields of a question. */
final class Question {
    private Question() {}

    static byte[] octets(JsonElement value) {
        return Base64.getDecoder().decode(value.getAsString());
    }

    static List<byte[]> list(JsonObject question, String name) {
        List<byte[]> found = new ArrayList<>();
        if (question.has(name)) {
            question.getAsJsonArray(name).forEach(item -> found.add(octets(item)));
        }
        return found;
    }

    static DSSDocument[] documents(JsonObject question, String name) {
        return list(question, name).stream().map(InMemoryDocument::new).toArray(DSSDocument[]::new);
    }

    static String text(JsonObject question, String name) {
        return question.has(name) ? question.get(name).getAsString() : null;
    }

    static String text(JsonObject question, String name, String otherwise) {
        return question.has(name) ? question.get(name).getAsString() : otherwise;
    }

    static List<String> texts(JsonObject question, String name) {
        List<String> found = new ArrayList<>();
        if (question.has(name)) {
            question.getAsJsonArray(name).forEach(item -> found.add(item.getAsString()));
        }
        return found;
    }

    static List<JsonObject> objects(JsonObject question, String name) {
        List<JsonObject> found = new ArrayList<>();
        if (question.has(name)) {
            question.getAsJsonArray(name).forEach(item -> found.add(item.getAsJsonObject()));
        }
        return found;
    }

    static boolean yes(JsonObject question, String name) {
        return question.has(name) && question.get(name).getAsBoolean();
    }

    static Date time(JsonObject question, String name) {
        return Date.from(Instant.parse(question.get(name).getAsString()));
    }
}
