#!/usr/bin/env bash
# Starts a class or a source file as docs/sdk/wechatpay-java.md says. Start it through
# tests/conformance/with-sandbox.mjs after `mvn compile dependency:build-classpath`: the JVM takes
# its proxy and its trust from properties, not from the environment.
set -euo pipefail
cd "$(dirname "$0")"

built=../../target/java
store=$(mktemp -d)
trap 'rm -rf "$store"' EXIT
keytool -importcert -noprompt -alias sandbox -file "$SSL_CERT_FILE" -storetype PKCS12 \
  -keystore "$store/trust.p12" -storepass changeit 2>/dev/null
proxy=${HTTPS_PROXY#http://}
java -Dhttps.proxyHost="${proxy%:*}" -Dhttps.proxyPort="${proxy#*:}" \
  -Djavax.net.ssl.trustStore="$store/trust.p12" -Djavax.net.ssl.trustStorePassword=changeit \
  -cp "$built/classes:$(cat "$built/classpath")" "$@"
