package kyso.judges;

import com.google.gson.JsonObject;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.ExternalResourcesOCSPSource;

/** What DSS may believe: `anchors`, other `certificates`, `crls` and `ocsp` of the question (DER), and no network. */
final class Trust {
    private Trust() {}

    static CommonCertificateVerifier of(JsonObject question) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        Question.list(question, "anchors").forEach(der -> anchors.addCertificate(DSSUtils.loadCertificate(der)));
        CommonCertificateSource others = new CommonCertificateSource();
        Question.list(question, "certificates").forEach(der -> others.addCertificate(DSSUtils.loadCertificate(der)));
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        verifier.setAdjunctCertSources(others);
        verifier.setAIASource(null);
        verifier.setCrlSource(new ExternalResourcesCRLSource(Question.documents(question, "crls")));
        verifier.setOcspSource(new ExternalResourcesOCSPSource(Question.documents(question, "ocsp")));
        return verifier;
    }
}
