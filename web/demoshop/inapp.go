package demoshop

import (
	"fmt"
	"io"
	"net/http"
)

// inApp shows the hand-off page as the host app's browser would get it: the page is fetched with
// that browser's user agent and passed on unchanged, its content security policy included. A
// desktop browser cannot call itself WeChat; this is the next best thing.
func (s *Shop) inApp(w http.ResponseWriter, r *http.Request) {
	on, ok := phoneOf(r.PathValue("platform"))
	token := r.PathValue("token")
	if !ok || on.Agent == "" || !isToken(token) {
		s.missing(w)
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.API+"/h5/"+token, nil)
	if err != nil {
		s.broken(w, err)
		return
	}
	request.Header.Set("User-Agent", on.Agent)
	request.Header.Set("Accept-Language", "zh-CN,zh;q=0.9")
	response, err := s.HTTP.Do(request)
	if err != nil {
		s.broken(w, fmt.Errorf("fetch the hand-off page: %w", err))
		return
	}
	defer func() { _ = response.Body.Close() }()
	for _, name := range []string{"Content-Type", "Content-Security-Policy"} {
		w.Header().Set(name, response.Header.Get(name))
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(response.Body, maxAnswer))
}
