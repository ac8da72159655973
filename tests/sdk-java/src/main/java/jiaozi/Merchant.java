package jiaozi;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.wechat.pay.java.core.Config;
import com.wechat.pay.java.core.RSAAutoCertificateConfig;
import com.wechat.pay.java.core.RSAPublicKeyConfig;
import com.wechat.pay.java.core.certificate.AutoCertificateService;
import com.wechat.pay.java.core.cipher.PrivacyEncryptor;
import com.wechat.pay.java.core.cipher.Signer;
import com.wechat.pay.java.core.exception.ServiceException;
import com.wechat.pay.java.core.http.DefaultHttpClientBuilder;
import com.wechat.pay.java.core.http.FileRequestBody;
import com.wechat.pay.java.core.http.HttpClient;
import com.wechat.pay.java.core.http.HttpMethod;
import com.wechat.pay.java.core.http.HttpRequest;
import com.wechat.pay.java.core.http.HttpResponse;
import com.wechat.pay.java.core.http.JsonRequestBody;
import com.wechat.pay.java.core.notification.NotificationConfig;
import com.wechat.pay.java.core.notification.NotificationParser;
import com.wechat.pay.java.core.notification.RequestParam;
import com.wechat.pay.java.core.util.NonceUtil;
import com.wechat.pay.java.service.file.FileUploadService;
import com.wechat.pay.java.service.file.model.FileUploadResponse;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A merchant's server: the SDK's client, and a receiver that uses the SDK's parser. */
final class Merchant implements AutoCloseable {
  private static final String HOST = "https://api.mch.weixin.qq.com";

  /** What came back of a call. */
  static final class Answer {
    final int status;
    final JsonElement body;

    /** Whose signature the SDK has checked; the SDK does not tell of a refusal. */
    final String signer;

    Answer(int status, String text, String signer) {
      this.status = status;
      this.signer = signer;
      this.body = text == null || text.isEmpty() ? JsonNull.INSTANCE : JsonParser.parseString(text);
    }
  }

  private final HttpClient client;
  private final FileUploadService files;
  private final PrivacyEncryptor encryptor;
  private final Signer signer;
  private final Sandbox sandbox;
  private final NotificationParser parser;
  private final HttpServer receiver;

  /** Decrypted resources, or why the SDK refused a notification. */
  final BlockingQueue<Object> received = new LinkedBlockingQueue<>();

  Merchant(Sandbox sandbox, String mode) throws IOException {
    Config config = mode.equals("certificate") ? certificate(sandbox) : publicKey(sandbox);
    client = new DefaultHttpClientBuilder().config(config).build();
    files = new FileUploadService.Builder().httpClient(client).build();
    encryptor = config.createEncryptor();
    signer = config.createSigner();
    this.sandbox = sandbox;
    parser = new NotificationParser((NotificationConfig) config);
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext("/notify", this::receive);
    receiver.start();
  }

  private static Config certificate(Sandbox sandbox) {
    return new RSAAutoCertificateConfig.Builder()
        .merchantId(sandbox.of("mchid"))
        .privateKeyFromPath(sandbox.of("private_key_file"))
        .merchantSerialNumber(sandbox.of("serial_no"))
        .apiV3Key(sandbox.of("apiv3_key"))
        .build();
  }

  private static Config publicKey(Sandbox sandbox) {
    return new RSAPublicKeyConfig.Builder()
        .merchantId(sandbox.of("mchid"))
        .privateKeyFromPath(sandbox.of("private_key_file"))
        .merchantSerialNumber(sandbox.of("serial_no"))
        .apiV3Key(sandbox.of("apiv3_key"))
        .publicKeyFromPath(sandbox.platform.get("file").getAsString())
        .publicKeyId(sandbox.platform.get("id").getAsString())
        .build();
  }

  String notifyUrl() {
    return "http://127.0.0.1:" + receiver.getAddress().getPort() + "/notify";
  }

  Answer call(String method, String target, JsonElement body) {
    HttpRequest.Builder request =
        new HttpRequest.Builder()
            .httpMethod(HttpMethod.valueOf(method))
            .url(HOST + target)
            .addHeader("Accept", "application/json")
            .addHeader("Content-Type", "application/json");
    if (body != null) {
      request.body(new JsonRequestBody.Builder().body(body.toString()).build());
    }
    try {
      HttpResponse<JsonObject> answer = client.execute(request.build(), JsonObject.class);
      JsonObject found = answer.getServiceResponse();
      // The SDK keeps no status of a success; without a body it was 204, with a code 202.
      String signer = answer.getHeaders().getHeader("Wechatpay-Serial");
      if (found == null) {
        return new Answer(204, "", signer);
      }
      return new Answer(found.has("code") ? 202 : 200, found.toString(), signer);
    } catch (ServiceException refused) {
      return new Answer(refused.getHttpStatusCode(), refused.getResponseBody(), null);
    }
  }

  /** Waits until the SDK, which fetches certificates again and again, knows this one. */
  static void trust(String mchid, String serial, long patienceMs) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
    while (AutoCertificateService.getCertificate(mchid, "RSA", serial) == null) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("the SDK has not fetched the certificate " + serial);
      }
      Thread.sleep(100);
    }
  }

  /** Encrypts a text with the platform's key, whose id the SDK sends with every call. */
  String seal(String text) {
    return encryptor.encrypt(text);
  }

  /** What a page or an app hands the wallet, signed by the SDK. */
  JsonObject sheet(String caller, String prepayId) {
    String appid = sandbox.of("appid");
    String at = Long.toString(System.currentTimeMillis() / 1000);
    String nonce = NonceUtil.createNonce(32);
    boolean isPage = caller.equals("page");
    String handed = isPage ? "prepay_id=" + prepayId : prepayId;
    String signed = signer.sign(String.join("\n", appid, at, nonce, handed, "")).getSign();
    JsonObject sheet = new JsonObject();
    sheet.addProperty(isPage ? "appId" : "appid", appid);
    sheet.addProperty(isPage ? "timeStamp" : "timestamp", at);
    sheet.addProperty(isPage ? "nonceStr" : "noncestr", nonce);
    sheet.addProperty("package", isPage ? handed : "Sign=WXPay");
    sheet.addProperty(isPage ? "paySign" : "sign", signed);
    if (isPage) {
      sheet.addProperty("signType", "RSA");
    } else {
      sheet.addProperty("partnerid", sandbox.of("mchid"));
      sheet.addProperty("prepayid", prepayId);
    }
    return sheet;
  }

  /** Sends a file through the SDK's upload service. */
  JsonElement upload(String path, String name, byte[] content) throws NoSuchAlgorithmException {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
    JsonObject meta = new JsonObject();
    meta.addProperty("filename", name);
    meta.addProperty("sha256", String.format("%064x", new BigInteger(1, hash)));
    String url = HOST + path;
    if (path.endsWith("image-upload")) {
      // The service answers with an id, and this call with an address: only the client has that.
      HttpRequest request =
          new HttpRequest.Builder()
              .httpMethod(HttpMethod.POST)
              .url(url)
              .addHeader("Accept", "application/json")
              .addHeader("Content-Type", "multipart/form-data")
              .body(
                  new FileRequestBody.Builder()
                      .meta(meta.toString())
                      .fileName(name)
                      .file(content)
                      .build())
              .build();
      return client.execute(request, JsonObject.class).getServiceResponse();
    }
    FileUploadResponse answer =
        name.endsWith(".mp4")
            ? files.uploadVideo(url, meta.toString(), name, content)
            : files.uploadImage(url, meta.toString(), name, content);
    JsonObject found = new JsonObject();
    found.addProperty("media_id", answer.getMediaId());
    return found;
  }

  /** A file, which the SDK fetches without checking a signature, as files have none. */
  byte[] download(String url) throws IOException {
    try (InputStream file = client.download(url)) {
      return file.readAllBytes();
    }
  }

  private void receive(HttpExchange exchange) throws IOException {
    Headers headers = exchange.getRequestHeaders();
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    RequestParam asked =
        new RequestParam.Builder()
            .serialNumber(headers.getFirst("Wechatpay-Serial"))
            .nonce(headers.getFirst("Wechatpay-Nonce"))
            .timestamp(headers.getFirst("Wechatpay-Timestamp"))
            .signature(headers.getFirst("Wechatpay-Signature"))
            .signType(headers.getFirst("Wechatpay-Signature-Type"))
            .body(body)
            .build();
    try {
      JsonObject found = parser.parse(asked, JsonObject.class);
      found.addProperty("signed_by", headers.getFirst("Wechatpay-Serial"));
      found.add("event_type", new Gson().fromJson(body, JsonObject.class).get("event_type"));
      received.add(found);
    } catch (RuntimeException refused) {
      received.add(refused);
    }
    exchange.sendResponseHeaders(204, -1);
    exchange.close();
  }

  @Override
  public void close() {
    receiver.stop(0);
  }
}
