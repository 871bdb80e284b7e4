//go:build conformance

package conformance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// fields are parameters or an answer.
type fields map[string]any

// judge is the official SDK in its own process.
type judge struct {
	t      *testing.T
	input  io.Writer
	output *bufio.Reader
}

// verdict is what the SDK returned or threw.
type verdict struct {
	Value  any    `json:"value"`
	Error  string `json:"error"`
	Code   string `json:"code"`
	Status int    `json:"status"`
}

// newJudge starts the SDK with one instance per configuration. Its process
// lives in China's time zone: the SDK stamps requests with local time.
func newJudge(t *testing.T, configs map[string]fields) *judge {
	t.Helper()
	if _, err := os.Stat("node_modules/alipay-sdk/package.json"); err != nil {
		t.Fatal("the official SDK is not installed: run `npm install --no-save` in this folder (.ci/npm does)")
	}
	text, err := json.Marshal(configs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "configs.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", "judge.mjs", path)
	command.Env = append(os.Environ(), "TZ=Asia/Shanghai", "NO_PROXY=*")
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait()
	})
	return &judge{t: t, input: input, output: bufio.NewReaderSize(output, 1<<20)}
}

// ask sends one request to an SDK instance and waits for its verdict.
func (j *judge) ask(sdk, operation string, request fields) verdict {
	j.t.Helper()
	request["sdk"], request["op"] = sdk, operation
	line, err := json.Marshal(request)
	if err != nil {
		j.t.Fatal(err)
	}
	if _, err := j.input.Write(append(line, '\n')); err != nil {
		j.t.Fatal(err)
	}
	answer, err := j.output.ReadBytes('\n')
	if err != nil {
		j.t.Fatalf("the SDK's process ended: %v", err)
	}
	var v verdict
	if err := json.Unmarshal(answer, &v); err != nil {
		j.t.Fatal(err)
	}
	return v
}

// exec calls a classic API; a thrown error becomes an error.
func (j *judge) exec(sdk, method string, biz fields, public ...string) (fields, error) {
	j.t.Helper()
	return j.execRaw(sdk, method, params(biz, public...), true)
}

// params are an SDK's parameters: the business content and public ones beside it.
func params(biz fields, public ...string) fields {
	p := fields{}
	if biz != nil {
		p["bizContent"] = biz
	}
	for i := 0; i+1 < len(public); i += 2 {
		p[public[i]] = public[i+1]
	}
	return p
}

func (j *judge) execRaw(sdk, method string, p fields, validate bool) (fields, error) {
	j.t.Helper()
	v := j.ask(sdk, "exec", fields{"method": method, "params": p, "validate": validate})
	if v.Error != "" {
		return nil, fmt.Errorf("SDK %s: %s", method, v.Error)
	}
	answer, ok := v.Value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("SDK %s: answer is %T", method, v.Value)
	}
	return answer, nil
}

// text makes the SDK produce a text: a page address, a form or an order string.
func (j *judge) text(sdk, operation string, request fields) (string, error) {
	j.t.Helper()
	v := j.ask(sdk, operation, request)
	text, ok := v.Value.(string)
	if v.Error != "" || !ok {
		return "", fmt.Errorf("SDK %s: %s (%T)", operation, v.Error, v.Value)
	}
	return text, nil
}

// genuine is checkNotifySignV2.
func (j *judge) genuine(form map[string]string) bool {
	j.t.Helper()
	v := j.ask("key", "notify", fields{"fields": form})
	return v.Error == "" && v.Value == true
}

// v3 calls OpenAPI v3 and gives the status of a refusal in the verdict.
func (j *judge) v3(sdk, httpMethod, path string, options fields) (fields, verdict) {
	j.t.Helper()
	v := j.ask(sdk, "curl", fields{"http": httpMethod, "path": path, "options": options})
	wrapped, _ := v.Value.(map[string]any)
	data, _ := wrapped["data"].(map[string]any)
	return data, v
}
