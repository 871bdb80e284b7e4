package alipaysim

import "net/http"

// Agreement is a buyer's consent to password-free payment.
type Agreement struct {
	AgreementNo         string `json:"agreement_no"`
	ExternalAgreementNo string `json:"external_agreement_no,omitempty"`
	AppID               string `json:"app_id"`
	SellerID            string `json:"seller_id"`
	BuyerID             string `json:"buyer_id,omitempty"`
	ProductCode         string `json:"personal_product_code"`
	SignScene           string `json:"sign_scene,omitempty"`
	NotifyURL           string `json:"notify_url,omitempty"`
	ReturnURL           string `json:"return_url,omitempty"`
	SignedAt            int64  `json:"signed_at,omitempty"`
	UnsignedAt          int64  `json:"unsigned_at,omitempty"`
}

func (w *world) applyAgreement(e Entry) {
	if e.Kind == KindAgreementSigned {
		a := *e.Agreement
		a.SignedAt = e.At
		w.agreements[a.AgreementNo] = &a
		return
	}
	if a := w.agreements[e.Key]; a != nil {
		a.UnsignedAt = e.At
	}
}

type signRequest struct {
	PersonalProductCode scalar `json:"personal_product_code"`
	SignScene           scalar `json:"sign_scene"`
	ExternalAgreementNo scalar `json:"external_agreement_no"`
	AccessParams        struct {
		Channel scalar `json:"channel"`
	} `json:"access_params"`
	PeriodRule *struct {
		PeriodType scalar `json:"period_type"`
		Period     scalar `json:"period"`
		Single     scalar `json:"single_amount"`
	} `json:"period_rule_params"`
}

// preparedAgreement is where the sign page leads the buyer.
type preparedAgreement struct{ token string }

// prepareAgreement is alipay.user.agreement.page.sign.
func (s *Server) prepareAgreement(c *call) (any, *failure) {
	var q signRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	switch {
	case q.PersonalProductCode == "":
		return nil, invalidParameter("personal_product_code")
	case q.AccessParams.Channel == "":
		return nil, invalidParameter("access_params.channel")
	case q.PersonalProductCode == "CYCLE_PAY_AUTH_P" && q.PeriodRule == nil:
		return nil, invalidParameter("period_rule_params")
	}
	token := s.throwaway("agreement")
	s.asked.put(token, Agreement{AppID: c.app.AppID, SellerID: c.app.SellerID,
		ExternalAgreementNo: string(q.ExternalAgreementNo), ProductCode: string(q.PersonalProductCode),
		SignScene: string(q.SignScene), NotifyURL: c.notifyURL, ReturnURL: c.returnURL})
	return preparedAgreement{token: token}, nil
}

// signAgreement is the buyer's yes. Callers hold s.mu.
func (s *Server) signAgreement(a Agreement, buyerID string) (*Agreement, *failure) {
	if buyerID == "" {
		buyerID = s.cfg.Buyers[0].UserID
	}
	if _, ok := s.buyers[buyerID]; !ok {
		return nil, refused("USER_NOT_EXIST_ERROR", "用户不存在")
	}
	a.BuyerID = buyerID
	turn := s.world.turn + 1
	a.AgreementNo = s.clock.Now().Format("20060102") + s.numbers.digits15("agreement", turn)[:12]
	e := Entry{Kind: KindAgreementSigned, AppID: a.AppID, SellerID: a.SellerID, BuyerID: buyerID,
		Key: a.AgreementNo, Agreement: &a}
	if _, err := s.record(e); err != nil {
		return nil, unavailable()
	}
	signed := s.world.agreements[a.AgreementNo]
	s.announceAgreement(signed, "dut_user_sign", "NORMAL")
	return signed, nil
}

// simSign is a buyer who agrees without a browser: the sign page's half of
// /sim/pay. Callers hold s.mu.
func (s *Server) simSign(token string, q payRequest) (any, error) {
	asked, ok := s.asked.get(token)
	if !ok {
		return nil, &controlError{http.StatusNotFound, "USER_AGREEMENT_NOT_EXIST", "no such sign page"}
	}
	switch q.Action {
	case "cancel":
		return map[string]any{"result_code": "6001"}, nil
	case "pay", "sign":
	default:
		return nil, badControl("action: sign or cancel")
	}
	a, fail := s.signAgreement(asked, q.BuyerID)
	if fail != nil {
		return nil, conflict(fail)
	}
	return map[string]any{"agreement": *a, "result_code": "7000"}, nil
}

// unsignAgreement ends an agreement. Callers hold s.mu.
func (s *Server) unsignAgreement(a *Agreement) *failure {
	e := Entry{Kind: KindAgreementUnsigned, AppID: a.AppID, SellerID: a.SellerID, BuyerID: a.BuyerID, Key: a.AgreementNo}
	if _, err := s.record(e); err != nil {
		return unavailable()
	}
	s.announceAgreement(a, "dut_user_unsign", "UNSIGN")
	return nil
}

func (s *Server) announceAgreement(a *Agreement, kind, status string) {
	if a.NotifyURL == "" {
		return
	}
	fields := map[string]string{
		"notify_type": kind, "charset": "utf-8", "version": "1.0", "app_id": a.AppID, "auth_app_id": a.AppID,
		"agreement_no": a.AgreementNo, "external_agreement_no": a.ExternalAgreementNo,
		"personal_product_code": a.ProductCode, "sign_scene": a.SignScene, "status": status,
		"sign_time": stamp(a.SignedAt), "valid_time": stamp(a.SignedAt), "invalid_time": "2115-02-01 00:00:00",
		"unsign_time": stamp(a.UnsignedAt),
	}
	ids := s.nameBuyer(s.apps[a.AppID], a.BuyerID)
	fields["alipay_user_id"], fields["alipay_open_id"] = ids.BuyerUserID, ids.BuyerOpenID
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	s.queueMessage(Notice{AppID: a.AppID, Event: kind, URL: a.NotifyURL, Charset: "utf-8", Fields: fields})
}

// queueMessage books a notification that is not about a trade. Callers hold s.mu.
func (s *Server) queueMessage(n Notice) string {
	now := s.clock.Now()
	n.ID = s.numbers.notifyID(s.world.turn+1, now)
	n.Fields["notify_id"] = n.ID
	if _, err := s.record(Entry{Kind: KindNotifyQueued, AppID: n.AppID, TradeNo: n.TradeNo, Key: n.ID, Notice: &n}); err != nil {
		return ""
	}
	return n.ID
}

// agreementPayer is the buyer behind an agreement that is in force.
func (s *Server) agreementPayer(c *call, order Order) (string, *failure) {
	a := s.world.agreements[order.AgreementNo]
	switch {
	case a == nil || a.SellerID != c.app.SellerID:
		return "", refused("ACQ.AGREEMENT_NOT_EXIST", "用户协议不存在")
	case a.UnsignedAt != 0:
		return "", refused("ACQ.AGREEMENT_STATUS_NOT_NORMAL", "用户协议已失效")
	}
	return a.BuyerID, nil
}

type agreementKey struct {
	AgreementNo         scalar `json:"agreement_no"`
	AlipayUserID        scalar `json:"alipay_user_id"`
	AlipayOpenID        scalar `json:"alipay_open_id"`
	PersonalProductCode scalar `json:"personal_product_code"`
	SignScene           scalar `json:"sign_scene"`
	ExternalAgreementNo scalar `json:"external_agreement_no"`
}

type agreementAnswer struct {
	AgreementNo         string `json:"agreement_no"`
	AlipayOpenID        string `json:"alipay_open_id,omitempty"`
	ExternalAgreementNo string `json:"external_agreement_no,omitempty"`
	InvalidTime         string `json:"invalid_time"`
	PersonalProductCode string `json:"personal_product_code"`
	PrincipalID         string `json:"principal_id,omitempty"`
	SignScene           string `json:"sign_scene,omitempty"`
	SignTime            string `json:"sign_time"`
	Status              string `json:"status"`
	ValidTime           string `json:"valid_time"`
}

// findAgreement resolves a key; agreement_no overrides the rest.
func (s *Server) findAgreement(c *call, k agreementKey) *Agreement {
	if k.AgreementNo != "" {
		if a := s.world.agreements[string(k.AgreementNo)]; a != nil && a.SellerID == c.app.SellerID {
			return a
		}
		return nil
	}
	buyerID := string(k.AlipayUserID)
	if k.AlipayOpenID != "" {
		buyerID, _ = s.buyerByOpenID(c.app.AppID, string(k.AlipayOpenID))
	}
	var found *Agreement
	for _, a := range s.world.agreements {
		if a.SellerID == c.app.SellerID && a.BuyerID == buyerID && a.UnsignedAt == 0 &&
			matches(string(k.PersonalProductCode), a.ProductCode) && matches(string(k.SignScene), a.SignScene) &&
			matches(string(k.ExternalAgreementNo), a.ExternalAgreementNo) &&
			(found == nil || a.SignedAt > found.SignedAt) {
			found = a
		}
	}
	return found
}

// agreementQuery is alipay.user.agreement.query.
func (s *Server) agreementQuery(c *call) (any, *failure) {
	var k agreementKey
	if fail := c.decode(&k); fail != nil {
		return nil, fail
	}
	a := s.findAgreement(c, k)
	if a == nil {
		return nil, refused("USER_AGREEMENT_NOT_EXIST", "用户协议不存在")
	}
	if a.UnsignedAt != 0 {
		return nil, refused("AGREEMENT_HAS_UNSIGNED", "用户协议已解约")
	}
	answer := agreementAnswer{AgreementNo: a.AgreementNo, ExternalAgreementNo: a.ExternalAgreementNo,
		InvalidTime: "2115-02-01 00:00:00", PersonalProductCode: a.ProductCode, SignScene: a.SignScene,
		SignTime: stamp(a.SignedAt), ValidTime: stamp(a.SignedAt), Status: "NORMAL"}
	ids := s.nameBuyer(c.app, a.BuyerID)
	answer.PrincipalID, answer.AlipayOpenID = ids.BuyerUserID, ids.BuyerOpenID
	return answer, nil
}

// agreementUnsign is alipay.user.agreement.unsign.
func (s *Server) agreementUnsign(c *call) (any, *failure) {
	var k agreementKey
	if fail := c.decode(&k); fail != nil {
		return nil, fail
	}
	a := s.findAgreement(c, k)
	if a == nil {
		return nil, refused("AGREEMENT_NOT_EXIST", "用户协议不存在")
	}
	if a.UnsignedAt != 0 {
		return nil, refused("USER_AGREEMENT_STATUS_NOT_NORMAL", "用户协议状态非正常")
	}
	return struct{}{}, s.unsignAgreement(a)
}

// serveAgreement shows the page on which a buyer agrees.
func (s *Server) serveAgreement(w http.ResponseWriter, r *http.Request) {
	a, ok := s.asked.get(r.PathValue("token"))
	if !ok {
		s.answerPageError(w, refused("USER_AGREEMENT_NOT_EXIST", "签约请求不存在"))
		return
	}
	s.render(w, cashierView{Title: "支付宝签约 · Agreement", Seller: s.sellerName(a.AppID),
		Subject: a.ProductCode, Agreement: true, Buyers: s.cfg.Buyers, Back: r.URL.Query().Get("back")})
}

// actAgreement does what the buyer pressed there.
func (s *Server) actAgreement(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	a, ok := s.asked.get(r.PathValue("token"))
	if err := r.ParseForm(); err != nil || !ok {
		http.Error(w, "form", http.StatusBadRequest)
		return
	}
	view := cashierView{Title: "支付宝签约 · Agreement", Seller: s.sellerName(a.AppID), Agreement: true,
		Subject: a.ProductCode, Outcome: "cancelled", Message: "未签约 · Not agreed"}
	result := "6001"
	if r.PostForm.Get("action") == "sign" {
		s.mu.Lock()
		_, fail := s.signAgreement(a, r.PostForm.Get("buyer_id"))
		s.mu.Unlock()
		view.Outcome, view.Message, result = "paid", "签约成功 · Agreed", "7000"
		if fail != nil || s.settle() != nil {
			view.Outcome, view.Message, result = "failed", "签约失败 · Failed", "7002"
		}
	}
	view.Next = s.whereNext(r.PostForm.Get("back"), &desk{order: Order{QuitURL: a.ReturnURL}}, result)
	s.render(w, view)
}
