package sdk

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// demo is what `jiaozi serve --demo-file` writes about a running sandbox.
type demo struct {
	ConsumerAPI string `json:"consumer_api"`
	Platform    struct {
		ID   string `json:"id"`
		File string `json:"file"`
	} `json:"platform"`
	Merchant struct {
		Mchid          string `json:"mchid"`
		Appid          string `json:"appid"`
		SerialNo       string `json:"serial_no"`
		PrivateKeyFile string `json:"private_key_file"`
		APIv3Key       string `json:"apiv3_key"`
	} `json:"merchant"`
}

func sandbox(t *testing.T) *demo {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("JIAOZI_DEMO"))
	if err != nil {
		t.Fatalf("start it through tests/conformance/with-sandbox.mjs: %v", err)
	}
	found := new(demo)
	if err := json.Unmarshal(text, found); err != nil {
		t.Fatal(err)
	}
	return found
}

// play asks the sandbox itself for something: to pay an order, for an openid or a sub-merchant, to
// move time.
func (d *demo) play(t *testing.T, what string, body interface{}) map[string]interface{} {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	url := d.ConsumerAPI + "/sandbox/v1/" + what
	response, err := http.Post(url, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", what, response.StatusCode, answer, err)
	}
	told := map[string]interface{}{}
	if err := json.Unmarshal(answer, &told); err != nil {
		t.Fatal(err)
	}
	return told
}

// operate does what an operator types after `jiaozi`.
func (d *demo) operate(t *testing.T, typed []string, names map[string]string) map[string]interface{} {
	t.Helper()
	arguments := []string{}
	for _, argument := range typed {
		arguments = append(arguments, fill(argument, names))
	}
	arguments = append(arguments, "--data", os.Getenv("JIAOZI_DATA"))
	output, err := exec.Command(os.Getenv("JIAOZI_BIN"), arguments...).CombinedOutput()
	told := map[string]interface{}{}
	if err != nil || json.Unmarshal(output, &told) != nil {
		t.Fatalf("%v: %s %v", arguments, output, err)
	}
	return told
}

func (d *demo) openid(t *testing.T) string {
	t.Helper()
	asked := map[string]string{"mchid": d.Merchant.Mchid, "appid": d.Merchant.Appid}
	return d.play(t, "openids", asked)["openid"].(string)
}

func (d *demo) subMerchant(t *testing.T) map[string]interface{} {
	t.Helper()
	return d.play(t, "sub-merchants", map[string]string{"mchid": d.Merchant.Mchid})
}

func (d *demo) pay(t *testing.T, asked map[string]interface{}) {
	t.Helper()
	told := d.play(t, "payments", asked)
	if told["is_paid"] != true {
		t.Fatalf("%v is not paid: %v", asked, told)
	}
}
