package sdk

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/services/fileuploader"
)

// step is one of tests/conformance/steps.json, which says what the fields mean.
type step struct {
	Name     string
	Mode     string
	Call     string
	Body     json.RawMessage
	Status   int
	Expect   map[string]interface{}
	Until    map[string]interface{}
	Save     map[string]string
	Pay      string
	Sheet    string
	Code     string
	Notified string
	Advance  int
	Operate  []string
	Pause    int
	Trust    string
	Signed   string
	Suites   []string
	Download string
	SHA1     string
	Seal     map[string]string
	Complain string
	Refund   int
	Upload   string
	File     struct {
		Name   string
		Base64 []byte
	}
}

func run() string {
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return "go" + hex.EncodeToString(random)
}

func fill(text string, names map[string]string) string {
	for name, value := range names {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// at reads what a JSON Pointer without escapes points at.
func at(value interface{}, pointer string) interface{} {
	for _, name := range strings.Split(pointer, "/")[1:] {
		switch part := value.(type) {
		case map[string]interface{}:
			value = part[name]
		case []interface{}:
			place, err := strconv.Atoi(name)
			if err != nil || place >= len(part) {
				return nil
			}
			value = part[place]
		default:
			return nil
		}
	}
	return value
}

func differs(value interface{}, expected map[string]interface{}, names map[string]string) error {
	for pointer, wanted := range expected {
		if text, ok := wanted.(string); ok {
			wanted = fill(text, names)
		}
		if found := at(value, pointer); fmt.Sprint(found) != fmt.Sprint(wanted) {
			return fmt.Errorf("%s is %v, expected %v in %v", pointer, found, wanted, value)
		}
	}
	return nil
}

func TestSteps(t *testing.T) {
	text, err := os.ReadFile("../conformance/steps.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct{ Steps []step }
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"certificate", "public key"} {
		m := open(t, mode)
		chosen := map[string]string{"mchid": m.Merchant.Mchid, "key": strings.ReplaceAll(mode, " ", "_")}
		m.play(t, "notification-keys", chosen)
		sub := m.subMerchant(t)
		names := map[string]string{
			"run": run(), "mchid": m.Merchant.Mchid, "appid": m.Merchant.Appid,
			"sub_mchid": sub["sub_mchid"].(string), "sub_appid": sub["sub_appid"].(string),
			"sub_name":   sub["sub_name"].(string),
			"notify_url": m.notifyURL, "openid": m.openid(t),
		}
		for _, step := range table.Steps {
			if step.Mode != "" && step.Mode != mode || !step.isOurs() {
				continue
			}
			ok := t.Run(mode+"/"+step.Name, func(t *testing.T) { m.do(t, step, names) })
			if !ok {
				t.FailNow()
			}
		}
	}
}

func (s step) isOurs() bool {
	for _, suite := range s.Suites {
		if suite == "go" {
			return true
		}
	}
	return s.Suites == nil
}

// sheet is what a page or an app hands the wallet, signed by the SDK's client.
func (m *merchant) sheet(t *testing.T, caller, prepayID string) map[string]string {
	t.Helper()
	at, nonce := strconv.FormatInt(time.Now().Unix(), 10), run()
	handed := prepayID
	if caller == "page" {
		handed = "prepay_id=" + prepayID
	}
	lines := strings.Join([]string{m.Merchant.Appid, at, nonce, handed, ""}, "\n")
	signed, err := m.client.Sign(context.Background(), lines)
	if err != nil {
		t.Fatal(err)
	}
	if caller == "page" {
		return map[string]string{
			"appId": m.Merchant.Appid, "timeStamp": at, "nonceStr": nonce, "package": handed,
			"signType": "RSA", "paySign": signed.Signature,
		}
	}
	return map[string]string{
		"appid": m.Merchant.Appid, "partnerid": m.Merchant.Mchid, "prepayid": prepayID,
		"package": "Sign=WXPay", "noncestr": nonce, "timestamp": at, "sign": signed.Signature,
	}
}

func (m *merchant) do(t *testing.T, step step, names map[string]string) {
	switch {
	case step.Sheet != "":
		m.pay(t, map[string]interface{}{"sheet": m.sheet(t, step.Sheet, fill(step.Pay, names))})
	case step.Pay != "":
		m.pay(t, map[string]interface{}{"order": fill(step.Pay, names)})
	case step.Code != "":
		step.keep(m.play(t, "codes", map[string]string{"outcome": step.Code}), names)
	case step.Advance != 0:
		step.keep(m.play(t, "clock", map[string]int{"advance_seconds": step.Advance}), names)
	case step.Operate != nil:
		step.keep(m.operate(t, step.Operate, names), names)
	case step.Pause != 0:
		time.Sleep(time.Duration(step.Pause) * time.Second)
	case step.Trust != "":
		m.trust(t, fill(step.Trust, names))
	case step.Download != "":
		hash := sha1.Sum(m.download(t, fill(step.Download, names)))
		if found := hex.EncodeToString(hash[:]); found != fill(step.SHA1, names) {
			t.Fatalf("the file has the SHA-1 %s", found)
		}
	case step.Complain != "":
		step.keep(m.play(t, "complaints", map[string]interface{}{
			"transaction_id": fill(step.Complain, names), "apply_refund": step.Refund,
		}), names)
	case step.Upload != "":
		step.keep(m.upload(t, step.Upload, step.File.Name, step.File.Base64), names)
	case step.Notified != "":
		signer := m.notified(t, step.Notified, func(content interface{}) bool {
			return differs(content, step.Expect, names) == nil
		})
		step.checkSigner(t, signer, names)
	default:
		for name, text := range step.Seal {
			names[name] = m.seal(t, fill(text, names))
		}
		call, body := fill(step.Call, names), fill(string(step.Body), names)
		status, answer, signer := m.call(t, call, body)
		for tries := 0; tries < 100 && differs(answer, step.Until, names) != nil; tries++ {
			time.Sleep(100 * time.Millisecond)
			status, answer, signer = m.call(t, call, body)
		}
		if err := differs(answer, step.Until, names); err != nil {
			t.Fatal(err)
		}
		wanted := step.Status
		if wanted == 0 {
			wanted = http.StatusOK
		}
		if status != wanted {
			t.Fatalf("%s: %d %v, expected %d", step.Call, status, answer, wanted)
		}
		if err := differs(answer, step.Expect, names); err != nil {
			t.Fatal(err)
		}
		step.checkSigner(t, signer, names)
		step.keep(answer, names)
	}
}

func (s step) checkSigner(t *testing.T, signer string, names map[string]string) {
	t.Helper()
	if wanted := fill(s.Signed, names); s.Signed != "" && signer != wanted {
		t.Fatalf("signed with %s, expected %s", signer, wanted)
	}
}

// trust has the SDK fetch certificates, as it does once a day, until it knows this one.
func (m *merchant) trust(t *testing.T, serial string) {
	t.Helper()
	all := downloader.MgrInstance()
	all.DownloadCertificates(context.Background())
	if _, found := all.GetCertificate(context.Background(), m.Merchant.Mchid, serial); !found {
		t.Fatalf("the SDK has not fetched the certificate %s", serial)
	}
}

// keep saves what later steps name.
func (s step) keep(answer interface{}, names map[string]string) {
	for name, pointer := range s.Save {
		names[name] = fmt.Sprint(at(answer, pointer))
	}
}

// call sends a request through the SDK's generic client and gives status, body and whose signature
// the SDK has checked.
func (m *merchant) call(t *testing.T, call, body string) (int, interface{}, string) {
	t.Helper()
	method, target, _ := strings.Cut(call, " ")
	url := consts.WechatPayAPIServer + target
	var sent interface{}
	if body != "" {
		sent = json.RawMessage(body)
	}
	result, err := m.client.Request(context.Background(), method, url, nil, nil, sent, "application/json")
	refused := new(core.APIError)
	if errors.As(err, &refused) {
		return refused.StatusCode, parsed(t, []byte(refused.Body)), refused.Header.Get(consts.WechatPaySerial)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer result.Response.Body.Close()
	text, err := io.ReadAll(result.Response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return result.Response.StatusCode, parsed(t, text), result.Response.Header.Get(consts.WechatPaySerial)
}

// seal encrypts a text as the SDK does it with sensitive fields of its models.
func (m *merchant) seal(t *testing.T, text string) string {
	t.Helper()
	sensitive := struct {
		Text *string `encryption:"EM_APIV3"`
	}{&text}
	if _, err := m.client.EncryptRequest(context.Background(), &sensitive); err != nil {
		t.Fatal(err)
	}
	return *sensitive.Text
}

// upload sends a file through the SDK's uploader for this path.
func (m *merchant) upload(t *testing.T, path, name string, file []byte) interface{} {
	t.Helper()
	ctx, content := context.Background(), bytes.NewReader(file)
	var answer interface{}
	var err error
	switch path {
	case "/v3/merchant/media/upload":
		uploader := fileuploader.ImageUploader{Client: m.client}
		answer, _, err = uploader.Upload(ctx, content, name, consts.ImagePNG)
	case "/v3/merchant/media/video_upload":
		uploader := fileuploader.VideoUploader{Client: m.client}
		answer, _, err = uploader.Upload(ctx, content, name, "video/mp4")
	case "/v3/marketing/favor/media/image-upload":
		uploader := fileuploader.MarketingImageUploader{Client: m.client}
		answer, _, err = uploader.Upload(ctx, content, name, consts.ImagePNG)
	case "/v3/merchant-service/images/upload":
		uploader := fileuploader.MchBizUploader{Client: m.client}
		answer, _, err = uploader.Upload(ctx, content, name, consts.ImagePNG)
	default:
		t.Fatalf("the SDK has no uploader for %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, text)
}

// download fetches a file through the SDK, which has an option for files: they are not signed.
func (m *merchant) download(t *testing.T, url string) []byte {
	t.Helper()
	result, err := m.files.Get(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Response.Body.Close()
	file, err := io.ReadAll(result.Response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func parsed(t *testing.T, text []byte) interface{} {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	var value interface{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}
