// Package sdk drives a Jiaozi sandbox with the unmodified official WeChat Pay SDK for Go. The SDK
// keeps its built-in host: HTTPS_PROXY leads it to the sandbox, SSL_CERT_FILE has it trust it.
package sdk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// modes are the two ways of a merchant to trust the platform.
var modes = map[string]func(*testing.T, *demo) (core.ClientOption, auth.Verifier){
	"certificate": func(t *testing.T, d *demo) (core.ClientOption, auth.Verifier) {
		m := d.Merchant
		key, err := utils.LoadPrivateKeyWithPath(m.PrivateKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		opened := option.WithWechatPayAutoAuthCipher(m.Mchid, m.SerialNo, key, m.APIv3Key)
		// The verifier asks for certificates that the option downloads when it is applied.
		visitor := downloader.MgrInstance().GetCertificateVisitor(m.Mchid)
		return opened, verifiers.NewSHA256WithRSAVerifier(visitor)
	},
	"public key": func(t *testing.T, d *demo) (core.ClientOption, auth.Verifier) {
		m := d.Merchant
		key, err := utils.LoadPrivateKeyWithPath(m.PrivateKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		platform, err := utils.LoadPublicKeyWithPath(d.Platform.File)
		if err != nil {
			t.Fatal(err)
		}
		opened := option.WithWechatPayPublicKeyAuthCipher(
			m.Mchid, m.SerialNo, key, d.Platform.ID, platform)
		return opened, verifiers.NewSHA256WithRSAPubkeyVerifier(d.Platform.ID, *platform)
	},
}

// notification is one that the SDK verified and decrypted, or why it could not.
type notification struct {
	event   string
	signer  string
	content map[string]interface{}
	err     error
}

// merchant is a merchant's server: the SDK's client, and a receiver that uses the SDK's parser.
type merchant struct {
	*demo
	client    *core.Client
	files     *core.Client
	notifyURL string
	received  chan notification
}

func open(t *testing.T, mode string) *merchant {
	t.Helper()
	d := sandbox(t)
	opened, verifier := modes[mode](t, d)
	client, err := core.NewClient(context.Background(), opened)
	if err != nil {
		t.Fatal(err)
	}
	key, err := utils.LoadPrivateKeyWithPath(d.Merchant.PrivateKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	signed := option.WithMerchantCredential(d.Merchant.Mchid, d.Merchant.SerialNo, key)
	files, err := core.NewClient(context.Background(), signed, option.WithoutValidator())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := notify.NewRSANotifyHandler(d.Merchant.APIv3Key, verifier)
	if err != nil {
		t.Fatal(err)
	}
	m := &merchant{demo: d, client: client, files: files, received: make(chan notification, 64)}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content := map[string]interface{}{}
		parsed, err := handler.ParseNotifyRequest(r.Context(), r, &content)
		signer := r.Header.Get(consts.WechatPaySerial)
		found := notification{signer: signer, content: content, err: err}
		if parsed != nil {
			found.event = parsed.EventType
		}
		m.received <- found
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(receiver.Close)
	m.notifyURL = receiver.URL + "/notify"
	return m
}

// notified waits for a notification of this kind that `wanted` says yes to, and gives who signed it.
func (m *merchant) notified(t *testing.T, event string, wanted func(interface{}) bool) string {
	t.Helper()
	patience := time.After(15 * time.Second)
	for {
		select {
		case found := <-m.received:
			if found.err != nil {
				t.Fatal(found.err)
			}
			if found.event == event && wanted(found.content) {
				return found.signer
			}
		case <-patience:
			t.Fatalf("no such notification: %s", event)
		}
	}
}
