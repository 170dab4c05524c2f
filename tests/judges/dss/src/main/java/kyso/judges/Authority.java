package kyso.judges;

import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.model.TimestampBinary;
import eu.europa.esig.dss.spi.x509.tsp.TSPSource;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;

/** Asks a time-stamping authority over HTTP (RFC 3161 3.4); BouncyCastle checks that the answer fits the request. */
final class Authority implements TSPSource {
    private static final long serialVersionUID = 1L;
    private final String url;

    Authority(String url) {
        this.url = url;
    }

    @Override
    public TimestampBinary getTimeStampResponse(DigestAlgorithm algorithm, byte[] digest) {
        try {
            TimeStampRequestGenerator generator = new TimeStampRequestGenerator();
            generator.setCertReq(true);
            TimeStampRequest request = generator.generate(
                    new ASN1ObjectIdentifier(algorithm.getOid()), digest, new java.math.BigInteger(64, new SecureRandom()));
            HttpRequest post = HttpRequest.newBuilder(URI.create(url))
                    .header("Content-Type", "application/timestamp-query")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(request.getEncoded()))
                    .build();
            byte[] body = HttpClient.newHttpClient().send(post, HttpResponse.BodyHandlers.ofByteArray()).body();
            TimeStampResponse response = new TimeStampResponse(body);
            response.validate(request);
            return new TimestampBinary(response.getTimeStampToken().getEncoded());
        } catch (Exception e) {
            throw new IllegalStateException("timestamp: " + e.getMessage(), e);
        }
    }
}
