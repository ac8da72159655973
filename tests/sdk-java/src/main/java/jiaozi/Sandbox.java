package jiaozi;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

/** A running sandbox, as the file of {@code jiaozi serve --demo-file} describes it. */
final class Sandbox {
  private final HttpClient http = HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).build();
  final String api;
  final JsonObject merchant;
  final JsonObject platform;

  Sandbox() throws IOException {
    String text = Files.readString(Path.of(System.getenv("JIAOZI_DEMO")));
    JsonObject demo = new Gson().fromJson(text, JsonObject.class);
    api = demo.get("consumer_api").getAsString();
    merchant = demo.getAsJsonObject("merchant");
    platform = demo.getAsJsonObject("platform");
  }

  String of(String name) {
    return merchant.get(name).getAsString();
  }

  /** Asks the sandbox itself: to pay an order, for an openid, to move time. */
  JsonObject play(String what, JsonObject body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(api + "/sandbox/v1/" + what))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(what + ": " + answer.statusCode() + " " + answer.body());
    }
    return new Gson().fromJson(answer.body(), JsonObject.class);
  }
}
