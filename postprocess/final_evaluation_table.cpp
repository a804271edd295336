#include "postprocess/final_evaluation_table.h"

#include <iomanip>
#include <sstream>
#include <utility>
#include <vector>

#include "postprocess/text_table.h"

namespace co2net {
namespace {

std::string decimal(double value) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << value;
  return text.str();
}

void add(TextTable& table, const std::optional<Estimate>& estimate) {
  for (double Estimate::*part : {&Estimate::value, &Estimate::low, &Estimate::high}) {
    table.add(estimate ? std::optional((*estimate).*part) : std::nullopt);
  }
}

std::string accuracy_table(const FinalEvaluation& evaluation) {
  TextTable table("tIoU", {});
  for (const char* figure : {"precision", "recall", "F1"}) {
    table.add(std::string(figure));
    table.add(std::string("from"));
    table.add(std::string("to"));
  }
  for (const FinalAccuracy& accuracy : evaluation.accuracy) {
    table.start_row(Json(accuracy.tiou).dump());
    add(table, accuracy.precision);
    add(table, accuracy.recall);
    add(table, accuracy.f1);
  }
  return table.text();
}

std::string boundary_table(const FinalEvaluation& evaluation) {
  TextTable table("found - true, s", {});
  table.add(std::string("median"));
  table.add(std::string("absolute"));
  for (const auto& [name, error] :
       {std::pair("start", evaluation.start), std::pair("end", evaluation.end)}) {
    table.start_row(name);
    table.add(error ? decimal(error->median_s) : "-");
    table.add(error ? decimal(error->median_absolute_s) : "-");
  }
  return table.text();
}

std::string rate_of(const FalseAlarms& alarms) {
  if (!alarms.per_hour()) return "-";
  if (alarms.segments > 0) return decimal(*alarms.per_hour());
  return "< " + decimal(*alarms.most_per_hour());
}

std::string alarm_table(const FinalEvaluation& evaluation) {
  TextTable table("false alarms", {});
  for (const char* heading : {"videos", "hours", "segments", "an hour"}) {
    table.add(std::string(heading));
  }
  for (const auto& [name, alarms] : {std::pair("background", evaluation.background),
                                     std::pair("elsewhere", evaluation.elsewhere)}) {
    table.start_row(name);
    table.add(std::to_string(alarms.videos));
    table.add(decimal(alarms.hours));
    table.add(std::to_string(alarms.segments));
    table.add(rate_of(alarms));
  }
  return table.text();
}

std::string confusion_table(const FinalEvaluation& evaluation) {
  const auto name_of = [](const Mistaken& pair) {
    return pair.found + " for " + pair.truth.value_or("none");
  };
  std::vector<std::string> names;
  for (const auto& [pair, segments] : evaluation.confusion) names.push_back(name_of(pair));
  TextTable table("found for true", names);
  table.add(std::string("segments"));
  for (const auto& [pair, segments] : evaluation.confusion) {
    table.start_row(name_of(pair));
    table.add(std::to_string(segments));
  }
  return table.text();
}

Json json_of(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  return {{"value", estimate->value}, {"low", estimate->low}, {"high", estimate->high}};
}

Json json_of(const std::optional<BoundaryError>& error) {
  if (!error) return nullptr;
  return {{"median", error->median_s}, {"median_absolute", error->median_absolute_s}};
}

Json json_of(const FalseAlarms& alarms) {
  Json json = {{"videos", alarms.videos},
               {"segments", alarms.segments},
               {"hours", alarms.hours},
               {"per_hour", nullptr}};
  if (const auto rate = alarms.per_hour()) json["per_hour"] = *rate;
  const auto most = alarms.most_per_hour();
  if (most && alarms.segments == 0) json["per_hour_below"] = *most;
  return json;
}

Json confusion_json(const std::map<Mistaken, int>& confusion) {
  Json list = Json::array();
  for (const auto& [pair, segments] : confusion) {
    Json row = {{"found", pair.found}, {"truth", nullptr}, {"segments", segments}};
    if (pair.truth) row["truth"] = *pair.truth;
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

std::string to_table(const FinalEvaluation& evaluation) {
  return accuracy_table(evaluation) + "\n" + boundary_table(evaluation) + "\n" +
         alarm_table(evaluation) + "\n" + confusion_table(evaluation);
}

Json to_json(const FinalEvaluation& evaluation) {
  Json accuracy = Json::array();
  for (const FinalAccuracy& at : evaluation.accuracy) {
    accuracy.push_back({{"tiou", at.tiou},
                        {"hits", at.hits},
                        {"precision", json_of(at.precision)},
                        {"recall", json_of(at.recall)},
                        {"f1", json_of(at.f1)}});
  }
  return {{"accuracy", accuracy},
          {"boundaries",
           {{"pairs", evaluation.pairs},
            {"start", json_of(evaluation.start)},
            {"end", json_of(evaluation.end)}}},
          {"false_alarms",
           {{"background", json_of(evaluation.background)},
            {"elsewhere", json_of(evaluation.elsewhere)}}},
          {"confusion", confusion_json(evaluation.confusion)},
          {"counts",
           {{"videos", evaluation.videos},
            {"segments", evaluation.segments},
            {"truths", evaluation.truths},
            {"videos_without_final", evaluation.videos_without_final},
            {"videos_without_duration", evaluation.videos_without_duration},
            {"foreign_segments", evaluation.foreign_segments},
            {"unmarked_videos", evaluation.unmarked_videos.size()}}}};
}

}  // namespace co2net
