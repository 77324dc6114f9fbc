//go:build e2e

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestImagePrivateIndex: packages of an index that asks for a password, in
// every way that credentials can be given, with both installers.
func TestImagePrivateIndex(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		user, token := "reader", "token-"+marker(t)+"-canary"
		x := startIndex(t, user, token, "e2eprivate==1.0")
		filled := strings.Replace(x.url("USER"), "USER", "${IDX_USER}:${IDX_TOKEN}", 1)
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"netrc":      fmt.Sprintf("machine %s\nlogin %s\npassword %s\n", x.host(), user, token),
			"reqs.txt":   "--extra-index-url " + filled + "\ne2eprivate==1.0\n",
			"flow.yaml": fmt.Sprintf(`version: 1
name: private
image: {base_image: "python:3.11-slim"}
steps:
  uv: {run: "true", image: {requirements: [e2eprivate], index_url: "%[1]s", build_secrets: [IDX_USER, IDX_TOKEN]}}
  pip: {run: "true", image: {requirements: [e2eprivate], index_url: "%[1]s", build_secrets: [IDX_USER, IDX_TOKEN], python_package_installer: pip, python_package_installer_args: {trusted-host: "%[3]s"}}}
  file: {run: "true", image: {requirements: reqs.txt, build_secrets: [IDX_USER, IDX_TOKEN]}}
  uv-variable: {run: "true", image: {requirements: [e2eprivate, six==1.16.0], build_secrets: [PIP_EXTRA_INDEX_URL]}}
  pip-variable: {run: "true", image: {requirements: [e2eprivate, six==1.16.0], build_secrets: [PIP_EXTRA_INDEX_URL], python_package_installer: pip, python_package_installer_args: {trusted-host: "%[3]s"}}}
  uv-netrc: {run: "true", image: {requirements: [e2eprivate], index_url: "%[2]s", build_secrets: [{name: netrc, mount: /root/.netrc, file: netrc}]}}
  pip-netrc: {run: "true", image: {requirements: [e2eprivate], index_url: "%[2]s", build_secrets: [{name: netrc, mount: /root/.netrc, file: netrc}], python_package_installer: pip, python_package_installer_args: {trusted-host: "%[3]s"}}}
  layer: {run: "true", image: {layers: [{pip: six==1.16.0}, {pip: e2eprivate, index_url: "http://${U}:${TOK}@%[4]s/simple", secrets: [{name: IDX_USER, env: U}, {name: IDX_TOKEN, env: TOK}]}]}}
`, filled, x.url(""), x.host(), x.address),
		}).on(on)
		if err := os.Chmod(p.path("netrc"), 0o600); err != nil {
			t.Fatal(err)
		}
		without := p.env
		p.env = append(p.env[:len(p.env):len(p.env)], "IDX_USER="+user, "IDX_TOKEN="+token, "PIP_EXTRA_INDEX_URL="+x.url(user+":"+token))
		all, r := p.makes()
		for step, b := range all {
			if step == "layer" || strings.HasSuffix(step, "-variable") {
				b.installs("e2eprivate==1.0", "six==1.16.0")
			} else {
				b.installs("e2eprivate==1.0")
			}
			for i, l := range b.layers {
				for file, e := range l {
					if bytes.Contains(e.content, []byte(token)) {
						t.Errorf("step %s: the token is in %s of layer %d", step, file, i)
					}
				}
			}
		}
		if strings.Contains(r.all(), token) {
			t.Error("the token is in the output")
		}

		// The installer's own words, without the password that was wrong.
		for installer, words := range map[string]string{"uv": "401", "pip": "401 Error"} {
			args := ""
			if installer == "pip" {
				args = fmt.Sprintf(", python_package_installer_args: {trusted-host: %q}", x.host())
			}
			p.write("flow.yaml", flow("private", fmt.Sprintf("requirements: [\"e2eprivate>=0.9\"], index_url: %q, build_secrets: [IDX_USER, IDX_TOKEN], python_package_installer: %s%s", filled, installer, args), "true"))
			p.env = append(without[:len(without):len(without)], "IDX_USER="+user, "IDX_TOKEN=wrong-"+token)
			wrong := p.must(5, "build", "flow.yaml")
			if !strings.Contains(wrong.all(), words) && !strings.Contains(wrong.all(), "User for") {
				t.Errorf("%s is not heard:\n%s", installer, wrong)
			}
			if strings.Contains(wrong.all(), token) {
				t.Errorf("the message has the password:\n%s", wrong)
			}
		}

		// One that is missing is told before anything is asked for.
		p.env = without
		letIn, rejected := x.requests()
		p.wants(p.must(4, "build", "flow.yaml"), "SEC203", "build secret IDX_USER", "IDX_TOKEN", "flow.yaml:3:")
		p.wants(p.must(4, "run", "flow.yaml"), "SEC203")
		if a, b := x.requests(); a != letIn || b != rejected {
			t.Error("something was built without the secret")
		}
		p.wants(p.must(0, "plan", "flow.yaml"), "warning", "SEC203", "build secret IDX_TOKEN")
	})
}
