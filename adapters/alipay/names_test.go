package alipay

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// documented is a struct of the wire with the names of its fields.
type documented struct {
	of    any
	names string
}

// documentedStructs is every field of a request or an answer as the documents of its API spell it,
// in the order of the struct; "?" marks what is left out when it is empty. A name that is spelt
// otherwise is a field that the gateway never sees, or never tells: no answer says so.
func documentedStructs() []documented {
	return []documented{
		{CreateRequest{}, `out_trade_no total_amount subject body? product_code op_app_id buyer_id? buyer_open_id? op_buyer_open_id?
			seller_id? time_expire? goods_detail? extend_params? business_params? enable_pay_channels?
			disable_pay_channels? merchant_order_no? passback_params? store_id? operator_id? terminal_id?`},
		{PayRequest{}, `out_trade_no total_amount subject body? product_code? scene? auth_code? agreement_params? is_async_pay?
			seller_id? time_expire? goods_detail? extend_params? business_params? disable_pay_channels? query_options?
			passback_params? store_id? operator_id? terminal_id?`},
		{PrecreateRequest{}, `out_trade_no total_amount subject body? product_code? seller_id? time_expire? goods_detail? extend_params?
			business_params? disable_pay_channels? store_id? operator_id? terminal_id?`},
		{WapPayRequest{}, `out_trade_no total_amount subject body? product_code quit_url? time_expire goods_type? goods_detail?
			seller_id? extend_params? enable_pay_channels? disable_pay_channels? specified_channel? merchant_order_no?
			passback_params? store_id?`},
		{AppPayRequest{}, `out_trade_no total_amount subject body? product_code time_expire goods_type? goods_detail? seller_id?
			extend_params? enable_pay_channels? disable_pay_channels? specified_channel? merchant_order_no?
			passback_params? store_id? agreement_sign_params?`},
		{PagePayRequest{}, `out_trade_no total_amount subject body? product_code time_expire qr_pay_mode? goods_type? goods_detail?
			seller_id? extend_params? enable_pay_channels? disable_pay_channels? merchant_order_no? passback_params?
			store_id?`},
		{QueryRequest{}, `out_trade_no? trade_no? query_options?`},
		{CloseRequest{}, `out_trade_no? trade_no? operator_id?`},
		{CancelRequest{}, `out_trade_no? trade_no?`},
		{RefundRequest{}, `out_trade_no? trade_no? out_request_no refund_amount refund_reason? operator_id? store_id? terminal_id?
			query_options? refund_royalty_parameters?`},
		{RefundRoyalty{}, `royalty_type? trans_out? trans_out_type? trans_in? trans_in_type? amount? desc?`},
		{RefundQueryRequest{}, `out_trade_no? trade_no? out_request_no query_options?`},
		{SettleRequest{}, `out_request_no trade_no royalty_parameters? extend_params? royalty_mode? operator_id?`},
		{RoyaltyPart{}, `royalty_type? trans_out? trans_out_type? trans_in trans_in_type trans_in_name? amount? amount_percentage?
			desc? royalty_scene?`},
		{SettleFinish{}, `royalty_finish? royalty_finish_amount?`},
		{SettleQueryRequest{}, `settle_no? trade_no? out_request_no?`},
		{RelationRequest{}, `receiver_list out_request_no`},
		{RoyaltyReceiver{}, `type account name? memo?`},
		{AgreementSign{}, `personal_product_code product_code? sign_scene? external_agreement_no? external_logon_id? access_params
			period_rule_params? sign_validity_period? effect_time?`},
		{PeriodRule{}, `period_type period execute_time single_amount total_amount? total_payments?`},
		{AccessParams{}, `channel`},
		{AgreementRef{}, `agreement_no? alipay_user_id? alipay_open_id? personal_product_code? sign_scene? external_agreement_no?`},
		{AgreementParams{}, `agreement_no auth_confirm_no? apply_token? deduct_permission?`},
		{BillRequest{}, `bill_type bill_date smid?`},
		{ComplaintQueryRequest{}, `complain_event_id`},
		{ComplaintFeedbackRequest{}, `complain_event_id feedback_code feedback_content feedback_images? operator?`},
		{GoodsDetail{}, `goods_id goods_name quantity price goods_category? body? show_url?`},
		{ExtendParams{}, `sys_service_provider_id? hb_fq_num? hb_fq_seller_percent? card_type? specified_seller_name? royalty_freeze?`},
		{BusinessParams{}, `mc_create_trade_ip? actual_order_time? campus_card? card_type?`},
		{QueryResponse{}, `trade_no out_trade_no trade_status total_amount receipt_amount buyer_pay_amount point_amount invoice_amount
			buyer_user_id buyer_open_id buyer_logon_id send_pay_date store_id passback_params fund_bill_list
			voucher_detail_list charge_info_list hb_fq_pay_info`},
		{PayResponse{}, `trade_no out_trade_no total_amount receipt_amount buyer_pay_amount point_amount buyer_user_id buyer_open_id
			buyer_logon_id gmt_payment fund_bill_list async_payment_mode`},
		{CreateResponse{}, `trade_no out_trade_no`},
		{PrecreateResponse{}, `out_trade_no qr_code`},
		{CloseResponse{}, `trade_no out_trade_no`},
		{CancelResponse{}, `trade_no out_trade_no retry_flag action`},
		{RefundResponse{}, `trade_no out_trade_no fund_change refund_fee send_back_fee gmt_refund_pay refund_detail_item_list`},
		{RefundQueryResponse{}, `trade_no out_trade_no out_request_no total_amount refund_amount refund_fee refund_status refund_reason
			send_back_fee gmt_refund_pay refund_detail_item_list deposit_back_info`},
		{DepositBack{}, `has_deposit_back dback_status dback_amount bank_ack_time est_bank_receipt_time`},
		{DepositBackCompleted{}, `trade_no out_trade_no out_request_no dback_status dback_amount bank_ack_time`},
		{SettleResponse{}, `trade_no settle_no`},
		{SettleQueryResponse{}, `out_request_no operation_dt royalty_detail_list`},
		{RoyaltyDetail{}, `operation_type execute_dt trans_out trans_out_type trans_in trans_in_type trans_in_open_id amount state
			error_code error_desc detail_id`},
		{AgreementQueryResponse{}, `agreement_no external_agreement_no status personal_product_code sign_scene alipay_open_id sign_time valid_time
			invalid_time next_deduct_time last_deduct_time single_quota`},
		{BillResponse{}, `bill_download_url bill_file_code`},
		{ComplaintQueryResponse{}, `complain_event_id status trade_no merchant_order_no complain_reason content images phone_no trade_amount
			gmt_create gmt_modified gmt_finished leaf_category_name target_id target_type reply_detail_infos`},
		{ComplaintReply{}, `replier_name replier_role gmt_create content images`},
		{OAuthTokenResponse{}, `user_id open_id union_id access_token expires_in refresh_token re_expires_in auth_start`},
		{FundBill{}, `fund_channel amount real_amount fund_type bank_code`},
		{VoucherDetail{}, `id name type amount merchant_contribute other_contribute memo`},
		{ChargeInfo{}, `charge_fee original_charge_fee charge_type switch_fee_rate`},
		{InstalmentInfo{}, `user_install_num fq_amount`},
		{AppPayResult{}, `code app_id seller_id out_trade_no trade_no total_amount`},
	}
}

func TestWireNames(t *testing.T) {
	for _, value := range documentedStructs() {
		kind := reflect.TypeOf(value.of)
		var got []string
		for field := range kind.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if options == "omitzero" {
				name += "?"
			}
			got = append(got, name)
		}
		if want := strings.Fields(value.names); !slices.Equal(got, want) {
			t.Errorf("%s has\n%s, the documents\n%s", kind.Name(), strings.Join(got, " "), strings.Join(want, " "))
		}
	}
}
