package alipaysim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
)

// strangers holds a key that belongs to nobody, made when first needed.
type strangers struct {
	once sync.Once
	key  *rsa.PrivateKey
}

// stranger signs for those who are not Alipay.
func (s *Server) stranger() *rsa.PrivateKey {
	s.strangers.once.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			panic(fmt.Errorf("alipaysim: no randomness: %w", err))
		}
		s.strangers.key = key
	})
	return s.strangers.key
}

// loadCertificate puts an app into certificate mode and makes sure that there
// is an authority to answer it.
func (s *Server) loadCertificate(a *application) error {
	var err error
	if a.certSN, err = CertificateSN(a.CertificatePEM); err != nil {
		return err
	}
	if a.public, err = certificateKey(a.CertificatePEM); err != nil {
		return err
	}
	if s.rootSN != "" {
		return nil
	}
	if s.cfg.Authority == nil {
		if s.cfg.Authority, err = NewAuthority(rand.Reader, s.clock.Now(), s.cfg.AlipayPrivateKeyPEM); err != nil {
			return err
		}
	}
	for _, c := range s.cfg.Authority.Certificates {
		key := signingKey{chainPEM: c.ChainPEM}
		if key.private, err = parsePrivateKey(c.PrivatePEM); err != nil {
			return err
		}
		if key.certSN, err = CertificateSN(c.ChainPEM); err != nil {
			return err
		}
		s.signCerts = append(s.signCerts, key)
	}
	if len(s.signCerts) == 0 {
		return errors.New("alipaysim: the authority has no gateway certificate")
	}
	s.rootSN, err = RootSN(s.cfg.Authority.RootPEM)
	return err
}

// Authority is what certificate-mode merchants need: the root bundle and the
// gateway's certificates. Nil when no app uses certificates.
func (s *Server) Authority() *Authority {
	if s.rootSN == "" {
		return nil
	}
	return s.cfg.Authority
}

// signer is the key that answers an app: the plain one, or that of the
// certificate in use. A nil app is unknown.
func (s *Server) signer(app *application) signingKey {
	if app == nil || app.certSN == "" {
		return s.plainKey
	}
	return s.signCerts[min(int(s.rotations.Load()), len(s.signCerts)-1)]
}

// RotateCertificate makes the gateway sign with its next certificate.
func (s *Server) RotateCertificate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.signCerts) == 0 {
		return errors.New("alipaysim: no application is in certificate mode")
	}
	if s.world.rotations+1 >= len(s.signCerts) {
		return errors.New("alipaysim: the authority holds no further certificate")
	}
	if _, err := s.record(Entry{Kind: KindCertificateRotated}); err != nil {
		return err
	}
	s.rotations.Store(int64(s.world.rotations))
	return nil
}

// checkCertificates compares the serial numbers that certificate mode demands.
func (s *Server) checkCertificates(c *call) *failure {
	if c.app.certSN == "" {
		return nil
	}
	return s.checkSerials(c.app, c.raw["app_cert_sn"], c.raw["alipay_root_cert_sn"])
}

func (s *Server) checkSerials(app *application, certSN, rootSN string) *failure {
	switch {
	case certSN == "":
		return invalid("isv.missing-app-cert-sn", "缺少应用公钥证书序列号")
	case rootSN == "":
		return invalid("isv.missing-alipay-root-cert-sn", "缺少支付宝根证书序列号")
	case rootSN != s.rootSN:
		return invalid("isv.invalid-alipay-root-cert-sn", "支付宝根证书序列号无效")
	case certSN != app.certSN:
		return invalid("isv.app-cert-not-exist", "应用公钥证书不存在")
	}
	return nil
}

type certificateRequest struct {
	AlipayCertSN scalar `json:"alipay_cert_sn"`
}

type certificateAnswer struct {
	AlipayCertContent string `json:"alipay_cert_content"`
}

// certificateDownload is alipay.open.app.alipaycert.download.
func (s *Server) certificateDownload(c *call) (any, *failure) {
	var q certificateRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	for _, key := range s.signCerts {
		if key.certSN == string(q.AlipayCertSN) {
			return certificateAnswer{base64.StdEncoding.EncodeToString([]byte(key.chainPEM))}, nil
		}
	}
	return nil, invalid("isv.alipay-cert-not-exist", "支付宝证书不存在")
}
