package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

//go:embed templates
var templateDir embed.FS

// pages are the templates of what people see. html/template escapes every value for the place it
// stands in (W08).
type pages struct{ templates *template.Template }

func loadPages(files staticFiles) (*pages, error) {
	t, err := template.New("").Funcs(template.FuncMap{"asset": files.address, "prose": prose, "inline": inline}).ParseFS(templateDir, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	return &pages{t}, nil
}

// sheet is what every template gets: the page's own data, and what the frame around it needs.
type sheet struct {
	Title  string
	Nonce  string
	Script string // file of the page's script module, "" for none
	View   any
}

// render writes a page under a policy that lets its forms lead to formAction only.
func (s *Server) render(c echo.Context, status int, name, formAction string, page sheet) error {
	nonce, err := s.nonces.draw()
	if err != nil {
		return err
	}
	page.Nonce = nonce
	var out bytes.Buffer
	if err := s.pages.templates.ExecuteTemplate(&out, name, page); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	head := c.Response().Header()
	head.Set("Content-Security-Policy", pagePolicy(nonce, formAction))
	head.Set("Vary", "User-Agent")
	s.write(c, status, "text/html; charset=utf-8", out.Bytes())
	return nil
}

// notice is a page that only tells something.
type notice struct {
	Icon, Chinese, English, RequestID string
}

// renderProblem tells a buyer what is wrong without a word of how the machine works.
func (s *Server) renderProblem(c echo.Context, p Problem) {
	n := notice{"sorry", "系统繁忙，请稍后再试", "Something went wrong. Please try again later.", p.RequestID}
	switch {
	case p.Status == http.StatusNotFound:
		n.Icon, n.Chinese, n.English = "unknown", "链接无效或已失效", "This link is not valid any more."
	case p.Status == http.StatusTooManyRequests:
		n.Chinese, n.English = "操作太频繁，请稍后再试", "Too many tries. Please wait a moment."
	case p.Code == core.CodePaymentExpired:
		n.Icon, n.Chinese, n.English = "closed", "订单已超时", "The order has expired."
	case p.Status < http.StatusInternalServerError:
		n.Chinese, n.English = "暂时无法支付", "The payment is not possible now."
	}
	if err := s.render(c, p.Status, "notice.html", "'none'", sheet{Title: n.Chinese, View: n}); err != nil {
		s.write(c, p.Status, "text/plain; charset=utf-8", []byte(n.Chinese))
	}
}
