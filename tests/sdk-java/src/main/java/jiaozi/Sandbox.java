package jiaozi;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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

  /** Does what an operator types after {@code jiaozi}, a JSON array of texts. */
  JsonObject operate(String typed) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getenv("JIAOZI_BIN"));
    for (JsonElement argument : new Gson().fromJson(typed, JsonArray.class)) {
      command.add(argument.getAsString());
    }
    command.add("--data");
    command.add(System.getenv("JIAOZI_DATA"));
    Process operator = new ProcessBuilder(command).redirectErrorStream(true).start();
    String told = new String(operator.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (operator.waitFor() != 0) {
      throw new IOException(command + ": " + told);
    }
    return new Gson().fromJson(told, JsonObject.class);
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
