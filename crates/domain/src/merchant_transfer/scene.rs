//! What the protocol fixes for each purpose of a transfer: what the merchant has to report about
//! it, what the payee may be told that it is for, and whether it may look like a red packet.
//!
//! Source: the page of each scene in the protocol's public documentation (July 2025). It has none
//! for 1006, for which therefore nothing is fixed here.

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneTerms {
    /// The kinds of what is reported, each once, in any order; empty where they are not fixed.
    pub reports: &'static [&'static str],
    /// What the payee may be told; the first when the merchant does not say. Empty where it is not
    /// fixed.
    pub perceptions: &'static [&'static str],
    /// Whether the payee may be shown it as a red packet.
    pub takes_red_packet: bool,
}

/// The most that a transfer in the form of a red packet holds, in fen.
pub const RED_PACKET_MAX_MINOR: i64 = 20_000;

impl SceneTerms {
    /// The terms of a scene, as the protocol numbers it.
    #[must_use]
    pub fn of(scene_id: &str) -> Self {
        let terms = |reports, perceptions, takes_red_packet| Self {
            reports,
            perceptions,
            takes_red_packet,
        };
        match scene_id {
            "1000" => terms(&["活动名称", "奖励说明"], &["活动奖励", "现金奖励"], true),
            "1002" => terms(&["补贴类型"], &["行政补贴", "行政奖励"], true),
            "1004" => terms(INSURANCE, &["保险理赔款"], false),
            "1005" => terms(&["岗位类型", "报酬说明"], WORK, true),
            "1009" => terms(&["采购商品名称"], &["货款"], false),
            "1010" => terms(&["回收商品名称"], &["二手回收货款"], false),
            "1011" => terms(&["赔付原因"], &["退款", "商家赔付"], true),
            "1013" => terms(&["公益活动名称", "公益活动备案编号"], &["公益补助金"], false),
            _ => terms(&[], &[], true),
        }
    }

    /// Whether these kinds, in any order, are what has to be reported.
    #[must_use]
    pub fn are_reported_by(&self, kinds: &[&str]) -> bool {
        let is_there = |kind: &&str| kinds.contains(kind);
        self.reports.is_empty()
            || (kinds.len() == self.reports.len() && self.reports.iter().all(is_there))
    }

    /// What the payee is told when the merchant asks for this; `None` if it may not be told.
    pub(crate) fn perception(&self, asked: Option<&str>) -> Option<Option<String>> {
        let told = asked.or(self.perceptions.first().copied());
        let may = |text: &str| self.perceptions.is_empty() || self.perceptions.contains(&text);
        told.is_none_or(may).then(|| told.map(str::to_owned))
    }
}

const INSURANCE: &[&str] = &["保险产品备案编号", "保险名称", "保险操作单号"];
const WORK: &[&str] = &["劳务报酬", "报销款", "企业补贴", "开工利是"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::TRANSFER_SCENES;

    #[test]
    fn every_report_is_asked_for_once_in_any_order() {
        let terms = SceneTerms::of("1000");
        assert!(terms.are_reported_by(&["活动名称", "奖励说明"]));
        assert!(terms.are_reported_by(&["奖励说明", "活动名称"]));
        for kinds in [
            &["活动名称"][..],
            &["活动名称", "活动名称"],
            &["活动名称", "奖励说明", "奖励说明"],
            &["活动名称", "岗位类型"],
            &[],
        ] {
            assert!(!terms.are_reported_by(kinds), "{kinds:?}");
        }
        assert!(SceneTerms::of("1006").are_reported_by(&["whatever"]));
    }

    #[test]
    fn the_payee_is_told_what_the_scene_allows() {
        let told = |scene, asked| SceneTerms::of(scene).perception(asked);
        assert_eq!(told("1011", None), Some(Some("退款".into())));
        assert_eq!(told("1011", Some("商家赔付")), Some(Some("商家赔付".into())));
        assert_eq!(told("1000", Some("商家赔付")), None);
        assert_eq!(told("1006", None), Some(None));
        assert_eq!(told("1006", Some("报销")), Some(Some("报销".into())));
    }

    #[test]
    fn reports_and_perceptions_fit_their_fields() {
        for scene in TRANSFER_SCENES {
            let SceneTerms { reports, perceptions, .. } = SceneTerms::of(scene);
            assert_eq!(reports.is_empty(), *scene == "1006", "{scene}");
            assert!(reports.iter().all(|kind| (1..=15).contains(&kind.chars().count())));
            assert_eq!(perceptions.is_empty(), reports.is_empty(), "{scene}");
        }
    }
}
