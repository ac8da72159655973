//! What the developer of a new merchant is given: its secrets, this once, and a configuration that
//! the usual SDKs take as it is. SDKs that let nobody choose the host get a few lines that do.

use http_api::merchant::NewMerchant;
use std::net::SocketAddr;

/// What a guide is written from.
pub(crate) struct Guide<'a> {
    /// The merchant.
    pub(crate) merchant: &'a NewMerchant,
    /// Where `/v3` is served.
    pub(crate) address: SocketAddr,
    /// Id and PEM of the platform's bare public key; `None` before the first start of the server.
    pub(crate) platform: Option<(&'a str, &'a str)>,
    /// Whether the merchant gets no certificates: then it is shown the SDKs that begin with the
    /// bare key; the pages of the others say how they do.
    pub(crate) public_key_only: bool,
}

impl Guide<'_> {
    /// The whole text.
    pub(crate) fn text(&self) -> String {
        let (id, public_key) = self.platform.unwrap_or((
            "PUB_KEY_ID_…",
            "(made at the first start of the server; add a merchant after it)\n",
        ));
        let mut text = OPENING.to_owned();
        let sdks: &[&str] = match self.public_key_only {
            true => &[NODE_V3, PYTHON],
            false => &[AXIOS, NODE_V3, GO, JAVA, PHP, PYTHON],
        };
        text.extend(sdks.iter().copied());
        for (name, value) in [
            ("{mchid}", self.merchant.mchid.as_str()),
            ("{appid}", &self.merchant.appid),
            ("{name}", &self.merchant.name),
            ("{serial}", &self.merchant.serial_no),
            ("{certificate}", &self.merchant.certificate),
            ("{private_key}", &self.merchant.private_key),
            ("{apiv3_key}", &self.merchant.apiv3_key),
            ("{host}", &self.address.ip().to_string()),
            ("{port}", &self.address.port().to_string()),
            ("{address}", &self.address.to_string()),
            ("{platform_id}", id),
            ("{platform_key}", public_key),
        ] {
            text = text.replace(name, value);
        }
        text
    }
}

const OPENING: &str = "\
Merchant {mchid} ({name}) was added.
Its private key is shown now and never again: nobody keeps it.

  merchant number      {mchid}
  app id               {appid}
  certificate serial   {serial}
  APIv3 key            {apiv3_key}
  base address         http://{address}   (instead of https://api.mch.weixin.qq.com)
  platform key         {platform_id}

apiclient_key.pem
{private_key}
apiclient_cert.pem
{certificate}
pub_key.pem (the platform's, for SDKs in public key mode)
{platform_key}";

const AXIOS: &str = "
# Node: wechatpay-axios-plugin
npx -p wechatpay-axios-plugin wxpay crt -u http://{address}/ -m {mchid} -s {serial} \\
  -f apiclient_key.pem -k {apiv3_key} -o .

const wxpay = new Wechatpay({
  baseURL: 'http://{address}/',
  mchid: '{mchid}',
  serial: '{serial}',
  privateKey: readFileSync('apiclient_key.pem'),
  certs: { '<serial>': readFileSync('wechatpay_<serial>.pem') }, // what the line above saved
});
";

const NODE_V3: &str = "
# Node: wechatpay-node-v3
const pay = new WxPay({
  appid: '{appid}',
  mchid: '{mchid}',
  publicKey: readFileSync('apiclient_cert.pem'),
  privateKey: readFileSync('apiclient_key.pem'),
  key: '{apiv3_key}',
});
const send = async (method, url, params, { 'Wechatpay-Serial': _, ...headers }) => {
  const here = url.replace('https://api.mch.weixin.qq.com', 'http://{address}');
  const body = params && JSON.stringify(params);
  const answer = await fetch(here, { method, headers, body });
  const text = await answer.text();
  const { status } = answer;
  return answer.ok ? { status, data: text ? JSON.parse(text) : {} } : { status, error: text };
};
pay.createHttp({
  get: (url, headers) => send('GET', url, undefined, headers),
  post: (url, params, headers) => send('POST', url, params, headers),
});
";

const GO: &str = "
# Go: wechatpay-go
type here struct{ http.RoundTripper }

func (t here) RoundTrip(r *http.Request) (*http.Response, error) {
    r = r.Clone(r.Context())
    r.URL.Scheme, r.URL.Host = \"http\", \"{address}\"
    return t.RoundTripper.RoundTrip(r)
}

http.DefaultTransport = here{http.DefaultTransport} // before the first client
key, err := utils.LoadPrivateKeyWithPath(\"apiclient_key.pem\")
client, err := core.NewClient(ctx,
    option.WithWechatPayAutoAuthCipher(\"{mchid}\", \"{serial}\", key, \"{apiv3_key}\"))
";

const JAVA: &str = "
# Java: wechatpay-java
OkHttpClient here = new OkHttpClient.Builder().addInterceptor(chain -> {
  HttpUrl url = chain.request().url().newBuilder()
      .scheme(\"http\").host(\"{host}\").port({port}).build();
  return chain.proceed(chain.request().newBuilder().url(url).build());
}).build();
RSAAutoCertificateConfig config = new RSAAutoCertificateConfig.Builder()
    .merchantId(\"{mchid}\")
    .privateKeyFromPath(\"apiclient_key.pem\")
    .merchantSerialNumber(\"{serial}\")
    .apiV3Key(\"{apiv3_key}\")
    .httpClientBuilder(new DefaultHttpClientBuilder().okHttpClient(here))
    .build();
NativePayService service = new NativePayService.Builder()
    .httpClient(new DefaultHttpClientBuilder().okHttpClient(here).config(config).build())
    .build();
";

const PHP: &str = "
# PHP: wechatpay/wechatpay
composer exec CertificateDownloader.php -- -u http://{address}/ -m {mchid} -s {serial} \\
  -f apiclient_key.pem -k {apiv3_key} -o .

$instance = Builder::factory([
    'base_uri' => 'http://{address}/',
    'mchid' => '{mchid}',
    'serial' => '{serial}',
    'privateKey' => Rsa::from('file://apiclient_key.pem', Rsa::KEY_TYPE_PRIVATE),
    'certs' => ['<serial>' => Rsa::from('file://wechatpay_<serial>.pem', Rsa::KEY_TYPE_PUBLIC)],
]);
";

const PYTHON: &str = "
# Python: wechatpayv3
wxpay = WeChatPay(
    wechatpay_type=WeChatPayType.NATIVE,
    mchid='{mchid}',
    appid='{appid}',
    private_key=open('apiclient_key.pem').read(),
    cert_serial_no='{serial}',
    apiv3_key='{apiv3_key}',
    notify_url='https://your.host/notify',
    public_key=open('pub_key.pem').read(),
    public_key_id='{platform_id}')
wxpay._core._gate_way = 'http://{address}'
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guide_holds_every_secret_once_and_leaves_nothing_to_fill_in() {
        let merchant = NewMerchant {
            mchid: "1900000001".into(),
            appid: "wx0123456789abcdef".into(),
            name: "Tea house".into(),
            serial_no: "5157F09E".into(),
            certificate: "CERTIFICATE\n".into(),
            private_key: "PRIVATE KEY\n".into(),
            apiv3_key: "k".repeat(32),
        };
        let address = "127.0.0.1:4001".parse().unwrap();
        let platform = Some(("PUB_KEY_ID_7", "PUBLIC KEY\n"));
        let guide = |public_key_only| {
            Guide { merchant: &merchant, address, platform, public_key_only }.text()
        };
        let text = guide(false);
        for name in ["{mchid}", "{serial}", "{address}", "{host}", "{port}", "{platform", "{appid}"]
        {
            assert!(!text.contains(name), "{name}");
        }
        assert_eq!(text.matches("PRIVATE KEY\n").count(), 1);
        assert!(text.contains("base_uri' => 'http://127.0.0.1:4001/'"));
        assert!(text.contains("public_key_id='PUB_KEY_ID_7'"));
        let downloads = |text: &str| text.contains("CertificateDownloader");
        assert!(downloads(&text) && !downloads(&guide(true)));
    }
}
