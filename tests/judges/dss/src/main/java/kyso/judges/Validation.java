package kyso.judges;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlDigestMatcher;
import eu.europa.esig.dss.diagnostic.jaxb.XmlObjectModification;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.simplereport.jaxb.XmlSignatureScope;
import eu.europa.esig.dss.spi.client.http.IgnoreDataLoader;
import eu.europa.esig.dss.spi.policy.SignaturePolicyProvider;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code document}, {@code at}, {@code password} (of an encrypted PDF), {@code detached} (name and octets of what a detached
 * signature covers), and what {@link Trust} reads: what DSS says of every
 * signature and timestamp, under the validation policy that it ships (EN 319 102-1), offline.
 */
final class Validation {
    private Validation() {}

    static Map<String, Object> answer(JsonObject question) {
        long start = System.nanoTime();
        SignedDocumentValidator validator =
                SignedDocumentValidator.fromDocument(new InMemoryDocument(Question.octets(question.get("document"))));
        String password = Question.text(question, "password");
        if (password != null && validator instanceof PDFDocumentValidator pdf) {
            pdf.setPasswordProtection(password.toCharArray());
        }
        validator.setCertificateVerifier(Trust.of(question));
        SignaturePolicyProvider policies = new SignaturePolicyProvider();
        policies.setDataLoader(new IgnoreDataLoader()); // a signature must not make its judge fetch anything
        validator.setSignaturePolicyProvider(policies);
        List<DSSDocument> detached = new ArrayList<>();
        for (JsonObject one : Question.objects(question, "detached")) {
            detached.add(new InMemoryDocument(Question.octets(one.get("octets")), one.get("name").getAsString()));
        }
        if (!detached.isEmpty()) {
            validator.setDetachedContents(detached);
        }
        validator.setEnableEtsiValidationReport(false); // nobody reads it, and it costs as much as the verdict
        validator.setValidationTime(Question.time(question, "at"));
        Reports reports = validator.validateDocument();
        SimpleReport simple = reports.getSimpleReport();
        DiagnosticData facts = reports.getDiagnosticData();
        List<Object> signatures = new ArrayList<>();
        for (SignatureWrapper signature : facts.getSignatures()) {
            signatures.add(signature(signature, simple));
        }
        List<Object> timestamps = new ArrayList<>();
        for (TimestampWrapper timestamp : facts.getTimestampList()) {
            timestamps.add(timestamp(timestamp, simple));
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("signatures", signatures);
        answer.put("timestamps", timestamps);
        answer.put("took_ms", (System.nanoTime() - start) / 1e6);
        return answer;
    }

    private static Map<String, Object> signature(SignatureWrapper signature, SimpleReport simple) {
        Map<String, Object> told = verdict(signature.getId(), simple);
        told.put("format", String.valueOf(signature.getSignatureFormat()));
        told.put("signed_by", simple.getSignedBy(signature.getId()));
        told.put("claimed_time", time(signature.getClaimedSigningTime()));
        told.put("best_time", time(simple.getBestSignatureTime(signature.getId())));
        told.put("intact", signature.isSignatureIntact());
        told.put("valid_value", signature.isSignatureValid());
        List<String> scopes = new ArrayList<>();
        for (XmlSignatureScope scope : simple.getSignatureScopes(signature.getId())) {
            scopes.add(scope.getScope() + ": " + scope.getValue());
        }
        told.put("scopes", scopes);
        List<String> references = new ArrayList<>();
        for (XmlDigestMatcher matcher : signature.getDigestMatchers()) {
            references.add(
                    matcher.getType() + " " + matcher.getUri() + (matcher.isDataIntact() ? " intact" : " not intact"));
        }
        told.put("references", references);
        told.put("counter_signature", signature.isCounterSignature());
        revision(told, signature.getPDFRevision());
        return told;
    }

    private static Map<String, Object> timestamp(TimestampWrapper timestamp, SimpleReport simple) {
        Map<String, Object> told = verdict(timestamp.getId(), simple);
        told.put("type", String.valueOf(timestamp.getType()));
        told.put("time", time(timestamp.getProductionTime()));
        told.put("intact", timestamp.isMessageImprintDataIntact() && timestamp.isSignatureIntact());
        revision(told, timestamp.getPDFRevision());
        return told;
    }

    private static Map<String, Object> verdict(String id, SimpleReport simple) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("indication", String.valueOf(simple.getIndication(id)));
        told.put("sub_indication", simple.getSubIndication(id) == null ? null : simple.getSubIndication(id).toString());
        told.put("errors", words(simple.getAdESValidationErrors(id)));
        told.put("warnings", words(simple.getAdESValidationWarnings(id)));
        return told;
    }

    /** What the PDF around the signature is like, and what came after it. */
    private static void revision(Map<String, Object> told, PDFRevisionWrapper revision) {
        if (revision == null) {
            return;
        }
        told.put("fields", revision.getSignatureFieldNames());
        told.put("byte_range_valid", revision.isSignatureByteRangeValid());
        told.put("dictionary_consistent", revision.isPdfSignatureDictionaryConsistent());
        told.put("doc_mdp", revision.getDocMDPPermissions() == null ? null : revision.getDocMDPPermissions().getCode());
        told.put("extension_changes", changes(revision.getPdfExtensionChanges()));
        told.put("form_changes", changes(revision.getPdfSignatureOrFormFillChanges()));
        told.put("annotation_changes", changes(revision.getPdfAnnotationChanges()));
        told.put("undefined_changes", changes(revision.getPdfUndefinedChanges()));
        told.put("overlaps", revision.getPdfAnnotationsOverlapConcernedPages());
        told.put("visual_differences", revision.getPdfVisualDifferenceConcernedPages());
        told.put("page_differences", revision.getPdfPageDifferenceConcernedPages());
    }

    private static List<String> changes(List<XmlObjectModification> modifications) {
        List<String> told = new ArrayList<>();
        if (modifications != null) {
            modifications.forEach(m -> told.add(m.getAction() + " " + m.getValue()));
        }
        return told;
    }

    private static List<String> words(List<Message> messages) {
        return messages == null ? List.of() : messages.stream().map(Message::getValue).toList();
    }

    private static String time(Date value) {
        return value == null ? null : value.toInstant().toString();
    }
}
