#include "postprocess/evaluation_report.h"

#include <cmath>

namespace co2net {
namespace {

template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json json_of(const NormalizedMap& map) { return {{"mAP", map.at}, {"average", map.average}}; }

Json json_of(const Bins& bins) {
  Json edges = Json::array();
  for (const double edge : bins.edges) edges.push_back(std::isinf(edge) ? Json() : Json(edge));
  return {{"names", bins.names}, {"edges", edges}};
}

Json json_of(const FalsePositives& found) {
  Json json = json_of(found.map), shares = Json::array(), gain = Json::object();
  for (const auto& of_band : found.shares) shares.push_back(json_of(of_band));
  for (const auto& [kind, name] : kChoices<PredictionKind>) {
    if (kind == PredictionKind::kTruePositive) continue;
    gain[name] = found.gain[static_cast<std::size_t>(kind)];
  }
  json["predictions"] = found.predictions;
  json["band_size"] = found.band_size;
  json["count"] = found.count;
  json["shares"] = shares;
  json["shares_of_all"] = json_of(found.shares_of_all);
  json["gain"] = gain;
  return json;
}

Json missed_json(const std::vector<BinFigures>& bins, std::size_t thresholds) {
  Json share_of_truths = Json::array(), missed = Json::array(), missed_at = Json::array();
  for (std::size_t t = 0; t < thresholds; ++t) missed_at.push_back(Json::array());
  for (const BinFigures& bin : bins) {
    share_of_truths.push_back(bin.share_of_truths);
    missed.push_back(json_of(bin.missed));
    for (std::size_t t = 0; t < thresholds; ++t) {
      missed_at[t].push_back(bin.missed ? Json(bin.missed_at[t]) : Json());
    }
  }
  return {{"share_of_truths", share_of_truths}, {"missed", missed}, {"missed_at", missed_at}};
}

Json map_json(const std::vector<BinFigures>& bins) {
  Json json = Json::array();
  for (const BinFigures& bin : bins) json.push_back(json_of(bin.map));
  return json;
}

Json bounds(const Estimate& estimate) { return {estimate.low, estimate.high}; }

// To four decimals, since a curve is looked at.
Json rounded(std::vector<double> curve) {
  for (double& precision : curve) precision = std::round(1e4 * precision) / 1e4;
  return curve;
}

Json json_of(const EvaluationDetails& details) {
  Json of_map = Json::array(), segments, predictions, curves;
  for (const Estimate& estimate : details.mAP) of_map.push_back(bounds(estimate));
  for (const auto& [label, of_class] : details.per_class) {
    segments[label] = of_class.segments;
    predictions[label] = of_class.predictions;
    for (const std::vector<double>& curve : of_class.curves) {
      curves[label].push_back(rounded(curve));
    }
  }
  return {{"bounds", {{"mAP", of_map}, {"average", bounds(details.average)}}},
          {"segments", segments},
          {"predictions", predictions},
          {"curves", {{"tiou", details.curve_tiou}, {"per_class", curves}}}};
}

}  // namespace

Json to_json(const ErrorAnalysis& analysis) {
  Json bins, sensitivity = json_of(analysis.map), missed = json_of(analysis.map_of_found);
  for (const auto& [characteristic, figures] : analysis.by) {
    const std::string name = name_of(characteristic);
    bins[name] = json_of(analysis.bins.at(characteristic));
    sensitivity["by"][name] = map_json(figures);
    missed["by"][name] = missed_json(figures, analysis.map.at.size());
  }
  return {{"segments", analysis.segments},
          {"segments_left_out", analysis.segments_left_out},
          {"kinds", names_of<PredictionKind>()},
          {"bins", bins},
          {"false_positives", json_of(analysis.false_positives)},
          {"sensitivity", sensitivity},
          {"false_negatives", missed}};
}

Json to_json(const EvaluationReport& report) {
  Json json = json_of(report.details);
  json["error_analysis"] = to_json(report.errors);
  return json;
}

}  // namespace co2net
