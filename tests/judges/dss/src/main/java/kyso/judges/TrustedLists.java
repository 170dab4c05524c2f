package kyso.judges;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.model.BLevelParameters;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.DSSException;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.tsl.CertificateTrustTime;
import eu.europa.esig.dss.model.tsl.LOTLInfo;
import eu.europa.esig.dss.model.tsl.TLInfo;
import eu.europa.esig.dss.model.tsl.TLValidationJobSummary;
import eu.europa.esig.dss.model.tsl.TrustProperties;
import eu.europa.esig.dss.model.tsl.TrustServiceStatusAndInformationExtensions;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.client.http.DSSCacheFileLoader;
import eu.europa.esig.dss.spi.tsl.TrustedListsCertificateSource;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.tsl.job.TLValidationJob;
import eu.europa.esig.dss.tsl.source.LOTLSource;
import eu.europa.esig.dss.tsl.source.TLSource;
import eu.europa.esig.dss.tsl.sync.ExpirationAndSignatureCheckStrategy;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.signature.XAdESService;
import eu.europa.esig.dss.xades.tsl.TrustedListV5SignatureParametersBuilder;
import eu.europa.esig.dss.xades.tsl.TrustedListV6SignatureParametersBuilder;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code list}: the address of the trusted list (ETSI TS 119 612) to begin with, {@code files} ({@code url}, {@code octets}) what
 * stands at which address, {@code signers} the certificates (DER) that may sign the first, {@code of_lists} whether it is a list of
 * lists: what DSS finds in each list, and whom it trusts by them. {@link #signed}: a list ({@code document}) signed by DSS as version
 * {@code version} asks, with {@code pkcs12} and {@code password}.
 */
final class TrustedLists {
    private TrustedLists() {}

    static Map<String, Object> answer(JsonObject question) {
        Files files = new Files();
        Question.objects(question, "files")
                .forEach(file -> files.known.put(file.get("url").getAsString(), Question.octets(file.get("octets"))));
        CommonCertificateSource signers = new CommonCertificateSource();
        Question.list(question, "signers").forEach(der -> signers.addCertificate(DSSUtils.loadCertificate(der)));
        TrustedListsCertificateSource trusted = new TrustedListsCertificateSource();
        TLValidationJob job = new TLValidationJob();
        job.setOfflineDataLoader(files);
        job.setTrustedListCertificateSource(trusted);
        // By default DSS takes what cannot be verified as well, and only says so.
        job.setSynchronizationStrategy(new ExpirationAndSignatureCheckStrategy());
        boolean ofLists = Question.yes(question, "of_lists");
        TLSource source = ofLists ? new LOTLSource() : new TLSource();
        source.setUrl(question.get("list").getAsString());
        source.setCertificateSource(signers);
        source.setTLVersions(List.of(5, 6));
        if (source instanceof LOTLSource lists) {
            job.setListOfTrustedListSources(lists);
        } else {
            job.setTrustedListSources(source);
        }
        long start = System.nanoTime();
        job.offlineRefresh();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("took_ms", (System.nanoTime() - start) / 1e6);
        List<Map<String, Object>> lists = new ArrayList<>();
        TLValidationJobSummary summary = job.getSummary();
        for (LOTLInfo found : summary.getLOTLInfos()) {
            lists.add(told(found));
            found.getTLInfos().forEach(one -> lists.add(told(one)));
        }
        summary.getOtherTLInfos().forEach(one -> lists.add(told(one)));
        answer.put("lists", lists);
        List<Map<String, Object>> anchors = new ArrayList<>();
        for (CertificateToken certificate : trusted.getCertificates()) {
            anchors.add(anchor(trusted, certificate));
        }
        answer.put("anchors", anchors);
        return answer;
    }

    private static Map<String, Object> told(TLInfo found) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("url", found.getUrl());
        var parsed = found.getParsingCacheInfo();
        var checked = found.getValidationCacheInfo();
        List<String> problems = new ArrayList<>();
        for (var record : List.of(found.getDownloadCacheInfo(), parsed, checked)) {
            if (record.isError()) {
                problems.add(record.getExceptionMessage());
            }
        }
        if (parsed.isResultExist()) {
            told.put("territory", parsed.getTerritory());
            told.put("sequence", parsed.getSequenceNumber());
            told.put("version", parsed.getVersion());
            told.put("issued", iso(parsed.getIssueDate()));
            told.put("next_update", iso(parsed.getNextUpdateDate()));
            told.put("services", parsed.getTSNumber());
            if (parsed.getStructureValidationMessages() != null) {
                problems.addAll(parsed.getStructureValidationMessages());
            }
        }
        told.put("indication", checked.isResultExist() ? String.valueOf(checked.getIndication()) : null);
        told.put("sub_indication", checked.isResultExist() && checked.getSubIndication() != null ? checked.getSubIndication().name() : null);
        told.put("problems", problems);
        return told;
    }

    private static Map<String, Object> anchor(TrustedListsCertificateSource trusted, CertificateToken certificate) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("certificate", Base64.getEncoder().encodeToString(certificate.getEncoded()));
        CertificateTrustTime time = trusted.getTrustTime(certificate);
        told.put("from", time == null ? null : iso(time.getStartDate()));
        told.put("until", time == null ? null : iso(time.getEndDate()));
        List<Map<String, Object>> states = new ArrayList<>();
        for (TrustProperties properties : trusted.getTrustServices(certificate)) {
            for (TrustServiceStatusAndInformationExtensions state : properties.getTrustService()) {
                Map<String, Object> one = new LinkedHashMap<>();
                one.put("type", state.getType());
                one.put("status", state.getStatus());
                one.put("from", iso(state.getStartDate()));
                one.put("until", iso(state.getEndDate()));
                states.add(one);
            }
        }
        told.put("states", states);
        return told;
    }

    private static String iso(Date time) {
        return time == null ? null : time.toInstant().toString();
    }

    static Map<String, Object> signed(JsonObject question) {
        long start = System.nanoTime();
        DSSDocument document = new InMemoryDocument(Question.octets(question.get("document")), "list.xml");
        XAdESService service = new XAdESService(new CommonCertificateVerifier());
        char[] password = question.get("password").getAsString().toCharArray();
        try (Pkcs12SignatureToken token =
                new Pkcs12SignatureToken(Question.octets(question.get("pkcs12")), new KeyStore.PasswordProtection(password))) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            BLevelParameters level = new BLevelParameters();
            level.setSigningDate(Question.time(question, "at"));
            XAdESSignatureParameters parameters = question.get("version").getAsInt() == 5
                    ? new TrustedListV5SignatureParametersBuilder(key.getCertificate(), document)
                            .setDigestAlgorithm(DigestAlgorithm.SHA256)
                            .setBLevelParams(level)
                            .build()
                    : new TrustedListV6SignatureParametersBuilder(key.getCertificate(), document)
                            .setDigestAlgorithm(DigestAlgorithm.SHA256)
                            .setBLevelParams(level)
                            .build();
            DSSDocument signed = service.signDocument(
                    document,
                    parameters,
                    token.sign(service.getDataToSign(document, parameters), parameters.getSignatureAlgorithm(), key));
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("signed", Base64.getEncoder().encodeToString(DSSUtils.toByteArray(signed)));
            answer.put("took_ms", (System.nanoTime() - start) / 1e6);
            return answer;
        }
    }

    /** What stands at which address; there is no network. */
    private static final class Files implements DSSCacheFileLoader {
        private static final long serialVersionUID = 1L;
        private final HashMap<String, byte[]> known = new HashMap<>();

        @Override
        public DSSDocument getDocument(String url) {
            byte[] octets = known.get(url);
            if (octets == null) {
                throw new DSSException("nothing stands at " + url);
            }
            return new InMemoryDocument(octets, url);
        }

        @Override
        public DSSDocument getDocument(String url, boolean refresh) {
            return getDocument(url);
        }

        @Override
        public DSSDocument getDocumentFromCache(String url) {
            return getDocument(url);
        }

        @Override
        public boolean remove(String url) {
            return false;
        }
    }
}
