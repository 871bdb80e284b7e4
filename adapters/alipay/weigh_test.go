package alipay

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// readByCore is every field of Alipay's answers that reaches core, and what hangs on it. Whoever
// reads another one decides here what it is.
func readByCore() map[string]weight {
	return map[string]weight{
		"out_trade_no": decidesText, "trade_no": decidesText, "trade_status": decidesText, "refund_status": decidesText, "out_request_no": decidesText,
		"user_id": decidesText, "open_id": decidesText, // of a login: whom the payment is for
		"total_amount": decidesMoney, "refund_amount": decidesMoney, "refund_fee": decidesMoney, "send_back_fee": decidesMoney,
		"bill_file_code": decidesText, "bill_download_url": decidesText, "dback_status": decidesText, "dback_amount": decidesMoney,
		// Shown, kept for people, compared with nothing:
		"receipt_amount": decorates, "send_pay_date": decorates, "buyer_user_id": decorates, "buyer_open_id": decorates, "bank_ack_time": decorates,
	}
}

// C46: core acts upon no field but those that are listed, and what is listed as deciding is read
// so.
func TestC46_whatCoreReads(t *testing.T) {
	named := readByCore()
	for name, want := range named {
		if got := weigh(name); got != want {
			t.Errorf("%s is weighed %d, listed as %d", name, got, want)
		}
	}
	// judged in this package
	for _, name := range []string{"code", "sub_code", "app_id", "seller_id", "seller_open_id", "fund_change", "qr_code"} {
		if weigh(name) != decidesText {
			t.Errorf("%s does not decide", name)
		}
	}
	found := map[string]bool{}
	for _, folder := range []string{"trade", "mini", "wechath5", "douyinh5"} {
		paths, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(paths) == 0 {
			t.Fatal(folder, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, declared := range file.Decls {
				for _, name := range fieldsRead(declared) {
					found[name] = true
					if _, listed := named[name]; !listed {
						t.Errorf("%s reads %s of an answer, which is not listed", path, name)
					}
				}
			}
		}
	}
	for _, name := range []string{"trade_status", "total_amount", "refund_amount", "refund_fee", "user_id", "trade_no"} {
		if !found[name] {
			t.Errorf("this test sees nobody read %s: %q", name, slices.Sorted(maps.Keys(found)))
		}
	}
}

// answerTypes are the types of answers, by the names that other packages know them by.
func answerTypes() map[string]reflect.Type {
	known := map[string]reflect.Type{"DepositBackCompleted": reflect.TypeFor[DepositBackCompleted]()}
	for method := range reflect.TypeFor[*App]().Methods() {
		if method.Type.NumOut() == 2 && method.Type.Out(1) == reflect.TypeFor[Result]() {
			known[method.Type.Out(0).Name()] = method.Type.Out(0)
		}
	}
	return known
}

// fieldsRead names, as on the wire, the fields of an App's answers that a function selects.
func fieldsRead(declared ast.Decl) []string {
	known, variables := answerTypes(), map[string]reflect.Type{}
	hold := func(variable, typed ast.Expr) {
		name, isName := variable.(*ast.Ident)
		selector, isSelector := typed.(*ast.SelectorExpr)
		if isName && isSelector && known[selector.Sel.Name] != nil {
			variables[name.Name] = known[selector.Sel.Name]
		}
	}
	var names []string
	ast.Inspect(declared, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field: // a parameter
			for _, name := range n.Names {
				hold(name, n.Type)
			}
		case *ast.ValueSpec: // var x alipay.T
			hold(n.Names[0], n.Type)
		case *ast.AssignStmt: // response, result := app.Query(…)
			call, isCall := n.Rhs[0].(*ast.CallExpr)
			if !isCall {
				return true
			}
			selector, isSelector := call.Fun.(*ast.SelectorExpr)
			variable, isName := n.Lhs[0].(*ast.Ident)
			if !isSelector || !isName || len(n.Lhs) != 2 {
				return true
			}
			if method, exists := reflect.TypeFor[*App]().MethodByName(selector.Sel.Name); exists {
				variables[variable.Name] = method.Type.Out(0)
			}
		case *ast.SelectorExpr:
			variable, isName := n.X.(*ast.Ident)
			if !isName || variables[variable.Name] == nil || variables[variable.Name].Kind() != reflect.Struct {
				return true
			}
			if field, exists := variables[variable.Name].FieldByName(n.Sel.Name); exists {
				// without one it was not decoded
				if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
					names = append(names, name)
				}
			}
		}
		return true
	})
	return names
}

// C46: every answer's fields that decide are of the Go type that is read strictly; one of another
// type would pass as a decoration.
func TestC46_decidingTypes(t *testing.T) {
	for _, answer := range []any{
		answerHead{}, v3Error{}, QueryResponse{}, RefundResponse{}, RefundQueryResponse{}, DepositBack{}, DepositBackCompleted{}, CloseResponse{}, CancelResponse{},
		CreateResponse{}, PrecreateResponse{}, PayResponse{}, OAuthTokenResponse{}, SettleResponse{}, SettleQueryResponse{}, BillResponse{},
		ComplaintQueryResponse{}, ComplaintChanged{}, AppPayResult{}, certificateContent{}, AgreementQueryResponse{},
	} {
		for field := range reflect.TypeOf(answer).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want := map[weight]reflect.Kind{decidesText: reflect.String, decidesMoney: reflect.Int64}[weigh(name)]
			if want != reflect.Invalid && field.Type.Kind() != want {
				t.Errorf("%T.%s is a %s", answer, field.Name, field.Type.Kind())
			}
		}
	}
}
