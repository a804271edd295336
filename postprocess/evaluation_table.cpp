#include "postprocess/evaluation_table.h"

#include <optional>

#include "postprocess/text_table.h"

namespace co2net {
namespace {

template <class Key>
std::optional<double> value_at(const std::map<Key, double>& values, const Key& key) {
  const auto found = values.find(key);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string to_table(const Evaluation& evaluation, const TableOptions& options) {
  const std::string own_row = "mAP", paper_row = "CO2-Net paper";
  std::vector<std::string> names = {own_row};
  if (options.beside != nullptr) names.push_back(paper_row);
  if (options.per_class) {
    for (const auto& [label, precisions] : evaluation.per_class) names.push_back(label);
  }
  const auto ranges = averages(evaluation);

  TextTable table("tIoU", names);
  for (const double threshold : evaluation.tiou) table.add(Json(threshold).dump());
  for (const auto& [range, average] : ranges) table.add(range);
  table.add("mean");

  table.start_row(own_row);
  for (const double value : evaluation.mAP) table.add(value);
  for (const auto& [range, average] : ranges) table.add(average);
  table.add(evaluation.average);

  if (options.beside != nullptr) {
    table.start_row(paper_row);
    for (const double threshold : evaluation.tiou) {
      table.add(value_at(options.beside->mAP, threshold));
    }
    for (const auto& [range, average] : ranges) {
      table.add(value_at(options.beside->averages, range));
    }
  }
  if (options.per_class) {
    for (const auto& [label, precisions] : evaluation.per_class) {
      table.start_row(label);
      for (const double value : precisions) table.add(value);
    }
  }
  return table.text();
}

Json to_json(const Evaluation& evaluation) {
  Json ranges = Json::object();
  for (const auto& [range, average] : averages(evaluation)) ranges[range] = average;
  return {{"tiou", evaluation.tiou},
          {"mAP", evaluation.mAP},
          {"average", evaluation.average},
          {"averages", ranges},
          {"per_class", evaluation.per_class},
          {"counts",
           {{"videos", evaluation.videos},
            {"videos_without_predictions", evaluation.videos_without_predictions},
            {"segments", evaluation.segments},
            {"segments_without_length", evaluation.segments_without_length},
            {"predictions", evaluation.predictions},
            {"predictions_without_length", evaluation.predictions_without_length},
            {"ambiguous_predictions", evaluation.ambiguous_predictions},
            {"foreign_predictions", evaluation.foreign_predictions},
            {"unknown_labels", evaluation.unknown_label_predictions}}}};
}

}  // namespace co2net
