package web

import (
	"strings"

	"github.com/labstack/echo/v4"
)

// harden sets the headers of every answer. They are the strictest there are; pages loosen their own
// policy, by nonce, and static files their caching. Handlers that are mounted may set theirs (W08,
// W22, W24).
func (s *Server) harden(next echo.HandlerFunc) echo.HandlerFunc {
	https := strings.HasPrefix(s.BaseURL, "https://")
	return func(c echo.Context) error {
		head := c.Response().Header()
		head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		head.Set("Cache-Control", "no-store")
		if https {
			head.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// pagePolicy is the policy of our own pages: what they load is ours and carries the nonce, and a
// form leads only where formAction says.
func pagePolicy(nonce, formAction string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'; img-src 'self' data:; connect-src 'self'; " +
		"form-action " + formAction + "; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
}
