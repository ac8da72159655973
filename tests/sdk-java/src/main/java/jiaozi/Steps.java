package jiaozi;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.wechat.pay.java.core.certificate.AutoCertificateService;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Drives a Jiaozi sandbox with the unmodified official WeChat Pay SDK for Java. The SDK keeps its
 * built-in host: the JVM's proxy leads it to the sandbox, the JVM's trust store trusts it. What is
 * done stands in tests/conformance/steps.json, which says what its fields mean.
 */
public final class Steps {
  private static final long PATIENCE_S = 15;
  private static final JsonPrimitive SUITE = new JsonPrimitive("java");

  private final Sandbox sandbox;
  private final Merchant merchant;
  private final Map<String, String> names = new HashMap<>();

  private Steps(Sandbox sandbox, Merchant merchant, String mode) throws Exception {
    this.sandbox = sandbox;
    this.merchant = merchant;
    JsonObject chosen = new JsonObject();
    chosen.addProperty("mchid", sandbox.of("mchid"));
    chosen.addProperty("key", mode.replace(' ', '_'));
    sandbox.play("notification-keys", chosen);
    JsonObject asked = new JsonObject();
    for (String name : new String[] {"mchid", "appid"}) {
      asked.addProperty(name, sandbox.of(name));
      names.put(name, sandbox.of(name));
    }
    names.put("openid", sandbox.play("openids", asked).get("openid").getAsString());
    JsonObject provider = new JsonObject();
    provider.addProperty("mchid", sandbox.of("mchid"));
    JsonObject sub = sandbox.play("sub-merchants", provider);
    for (String name : new String[] {"sub_mchid", "sub_appid", "sub_name"}) {
      names.put(name, sub.get(name).getAsString());
    }
    names.put("notify_url", merchant.notifyUrl());
    names.put("run", "jv" + Long.toHexString(System.nanoTime()));
  }

  public static void main(String[] arguments) throws Exception {
    JsonObject table =
        new Gson().fromJson(Files.readString(Path.of(arguments[0])), JsonObject.class);
    Sandbox sandbox = new Sandbox();
    // The SDK fetches certificates every hour by itself; whoever starts that before may say how often.
    AutoCertificateService.start(Duration.ofSeconds(2));
    int passed = 0;
    int failed = 0;
    for (String mode : new String[] {"certificate", "public key"}) {
      try (Merchant merchant = new Merchant(sandbox, mode)) {
        Steps steps = new Steps(sandbox, merchant, mode);
        for (JsonElement element : table.getAsJsonArray("steps")) {
          JsonObject step = element.getAsJsonObject();
          if (step.has("mode") && !step.get("mode").getAsString().equals(mode)) {
            continue;
          }
          if (step.has("suites") && !step.getAsJsonArray("suites").contains(SUITE)) {
            continue;
          }
          try {
            steps.perform(step);
            passed += 1;
          } catch (Exception differs) {
            failed += 1;
            System.out.println("FAILED " + mode + ", " + step.get("name") + ": " + differs);
          }
        }
      }
    }
    // As the other suites say it, for the count at the end of a whole run.
    System.out.println("ℹ pass " + passed + "\nℹ fail " + failed);
    System.exit(failed == 0 ? 0 : 1);
  }

  private void perform(JsonObject step) throws Exception {
    JsonObject expected = step.has("expect") ? step.getAsJsonObject("expect") : new JsonObject();
    if (step.has("pay")) {
      JsonObject asked = new JsonObject();
      String order = fill(step.get("pay").getAsString());
      if (step.has("sheet")) {
        asked.add("sheet", merchant.sheet(step.get("sheet").getAsString(), order));
      } else {
        asked.addProperty("order", order);
      }
      JsonObject told = sandbox.play("payments", asked);
      check(told, "/is_paid", new JsonPrimitive(true));
    } else if (step.has("code")) {
      JsonObject asked = new JsonObject();
      asked.add("outcome", step.get("code"));
      keep(step, sandbox.play("codes", asked));
    } else if (step.has("advance")) {
      JsonObject asked = new JsonObject();
      asked.add("advance_seconds", step.get("advance"));
      keep(step, sandbox.play("clock", asked));
    } else if (step.has("operate")) {
      keep(step, sandbox.operate(fill(step.get("operate").toString())));
    } else if (step.has("pause")) {
      TimeUnit.SECONDS.sleep(step.get("pause").getAsLong());
    } else if (step.has("trust")) {
      String serial = fill(step.get("trust").getAsString());
      Merchant.trust(sandbox.of("mchid"), serial, TimeUnit.SECONDS.toMillis(PATIENCE_S));
    } else if (step.has("download")) {
      byte[] file = merchant.download(fill(step.get("download").getAsString()));
      byte[] hash = MessageDigest.getInstance("SHA-1").digest(file);
      String found = String.format("%040x", new BigInteger(1, hash));
      if (!found.equals(fill(step.get("sha1").getAsString()))) {
        throw new IllegalStateException("a file with SHA-1 " + found);
      }
    } else if (step.has("complain")) {
      JsonObject asked = new JsonObject();
      asked.addProperty("transaction_id", fill(step.get("complain").getAsString()));
      asked.add("apply_refund", step.get("refund"));
      keep(step, sandbox.play("complaints", asked));
    } else if (step.has("upload")) {
      JsonObject file = step.getAsJsonObject("file");
      byte[] content = Base64.getDecoder().decode(file.get("base64").getAsString());
      String path = step.get("upload").getAsString();
      keep(step, merchant.upload(path, file.get("name").getAsString(), content));
    } else if (step.has("notified")) {
      JsonObject resource = notified(step.get("notified"), expected);
      checkSigner(step, resource.get("signed_by").getAsString());
    } else {
      call(step, expected);
    }
  }

  private void call(JsonObject step, JsonObject expected) throws InterruptedException {
    if (step.has("seal")) {
      for (Map.Entry<String, JsonElement> text : step.getAsJsonObject("seal").entrySet()) {
        names.put(text.getKey(), merchant.seal(fill(text.getValue().getAsString())));
      }
    }
    String[] call = fill(step.get("call").getAsString()).split(" ");
    JsonElement body =
        step.has("body")
            ? new Gson().fromJson(fill(step.get("body").toString()), JsonElement.class)
            : null;
    JsonObject until = step.has("until") ? step.getAsJsonObject("until") : new JsonObject();
    Merchant.Answer answer = merchant.call(call[0], call[1], body);
    for (int tries = 0; tries < 100 && !has(answer.body, until); tries++) {
      TimeUnit.MILLISECONDS.sleep(100);
      answer = merchant.call(call[0], call[1], body);
    }
    if (!has(answer.body, until)) {
      throw new IllegalStateException("never " + until + ", but " + answer.body);
    }
    int status = step.has("status") ? step.get("status").getAsInt() : 200;
    if (answer.status != status) {
      throw new IllegalStateException(answer.status + " " + answer.body + ", expected " + status);
    }
    for (Map.Entry<String, JsonElement> wanted : expected.entrySet()) {
      check(answer.body, wanted.getKey(), wanted.getValue());
    }
    checkSigner(step, answer.signer);
    keep(step, answer.body);
  }

  private void checkSigner(JsonObject step, String signer) {
    if (step.has("signed") && !fill(step.get("signed").getAsString()).equals(signer)) {
      throw new IllegalStateException("signed with " + signer + ", expected " + step.get("signed"));
    }
  }

  private void keep(JsonObject step, JsonElement answer) {
    if (step.has("save")) {
      for (Map.Entry<String, JsonElement> saved : step.getAsJsonObject("save").entrySet()) {
        names.put(saved.getKey(), at(answer, saved.getValue().getAsString()).getAsString());
      }
    }
  }

  private JsonObject notified(JsonElement event, JsonObject expected) throws Exception {
    while (true) {
      Object found = merchant.received.poll(PATIENCE_S, TimeUnit.SECONDS);
      if (!(found instanceof JsonObject)) {
        throw new IllegalStateException("no such notification: " + found);
      }
      JsonObject resource = (JsonObject) found;
      if (event.equals(resource.get("event_type")) && has(resource, expected)) {
        return resource;
      }
    }
  }

  private String fill(String text) {
    for (Map.Entry<String, String> name : names.entrySet()) {
      text = text.replace("{" + name.getKey() + "}", name.getValue());
    }
    return text;
  }

  private static JsonElement at(JsonElement value, String pointer) {
    for (String name : pointer.substring(1).split("/")) {
      if (value != null && value.isJsonArray()) {
        JsonArray parts = value.getAsJsonArray();
        int place = Integer.parseInt(name);
        value = place < parts.size() ? parts.get(place) : null;
      } else {
        value = value != null && value.isJsonObject() ? value.getAsJsonObject().get(name) : null;
      }
    }
    return value;
  }

  private boolean has(JsonElement value, JsonObject expected) {
    boolean has = true;
    for (Map.Entry<String, JsonElement> wanted : expected.entrySet()) {
      has = has && same(at(value, wanted.getKey()), wanted.getValue());
    }
    return has;
  }

  private boolean same(JsonElement found, JsonElement wanted) {
    return found != null && found.toString().equals(fill(wanted.toString()));
  }

  private void check(JsonElement value, String pointer, JsonElement wanted) {
    JsonElement found = at(value, pointer);
    if (!same(found, wanted)) {
      throw new IllegalStateException(pointer + " is " + found + ", expected " + wanted);
    }
  }
}
