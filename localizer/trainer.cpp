#include "localizer/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>

#include "localizer/checkpoint.h"
#include "localizer/sampler.h"
#include "pipeline/base/file_lock.h"
#include "pipeline/base/files.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/devices/gpu_memory.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Clock = std::chrono::steady_clock;

// A training goes on only with the schema that it began with: each is another course.
constexpr const char* kSchema = "co2net.training/2";

// What random numbers are for; see random_for.
enum Purpose : std::uint64_t { kBatches, kDropout };

LossValues& operator+=(LossValues& sum, const LossValues& losses) {
  sum.mil_orig += losses.mil_orig;
  sum.mil_supp += losses.mil_supp;
  sum.cas += losses.cas;
  sum.ml += losses.ml;
  sum.oppo += losses.oppo;
  sum.norm += losses.norm;
  sum.total += losses.total;
  return sum;
}

LossValues divided(LossValues sum, double count) {
  for (double* term :
       {&sum.mil_orig, &sum.mil_supp, &sum.cas, &sum.ml, &sum.oppo, &sum.norm, &sum.total}) {
    *term /= count;
  }
  return sum;
}

fs::path settings_file(const TrainingJob& job) { return job.directory / "settings.json"; }

// What tells a training from another.
Json settings_of(const TrainingJob& job) {
  Json settings = {{"schema", kSchema},
                   {"options", to_json(job.options, !job.background.empty())},
                   {"classes", job.dataset->classes().size()},
                   {"data", job.data}};
  if (job.device.is_gpu()) settings["device"] = device_description(job.device);
  return settings;
}

// A W-TALC has these alone.
Json terms_of(const TrainingJob& job, const LossValues& losses) {
  if (job.options.kind == NetworkKind::kCo2Net) return to_json(losses);
  return {{"mil_orig", losses.mil_orig}, {"cas", losses.cas}, {"total", losses.total}};
}

Json to_json(const AttentionFigures& figures) {
  return {{"mean", figures.mean}, {"deviation", figures.deviation}};
}

// The settings of a training beside its state.
void settle(const TrainingJob& job) {
  expect_same_training(job);
  const fs::path file = settings_file(job);
  if (!fs::exists(file)) write_file(file, settings_of(job).dump(2) + "\n");
}

VideosByClass paired_by_class(const TrainingJob& job) {
  VideosByClass by_class;
  for (const std::size_t video : job.paired) {
    for (const int label : job.dataset->labels(video)) by_class[label].push_back(video);
  }
  return by_class;
}

class MetricsLog {
 public:
  using OnLine = std::function<void(const Json&)>;

  // Keeps the first `lines` of an earlier run. `on_line` hears these and those that are added.
  MetricsLog(const fs::path& file, std::int64_t lines, const OnLine& on_line)
      : lines_(lines), on_line_(on_line) {
    std::string kept;
    std::ifstream before(file);
    std::string line;
    for (; lines > 0 && std::getline(before, line); --lines) {
      if (const std::optional<Json> json = parse_json_if_valid(line)) on_line_(*json);
      kept += line + "\n";
    }
    write_file(file, kept);
    log_.open(file, std::ios::app);
  }

  void add(const Json& line) {
    log_ << to_text(line) << "\n";
    ++lines_;
    on_line_(line);
  }
  void flush() {
    if (!log_.flush())
      throw Error(ErrorKind::kIo, "cannot write the metrics log; is the disk full?");
  }

  std::int64_t lines() const { return lines_; }

 private:
  std::int64_t lines_;
  const OnLine& on_line_;
  std::ofstream log_;
};

// How long steps take, and how much of a GPU's memory: what metrics.jsonl may not hold, which is
// the same each time.
class TimingLog {
 public:
  TimingLog(const fs::path& file, const Device& device)
      : device_(device), log_(file, std::ios::app) {
    take_peak_gpu_memory(device_);
  }

  void add(std::int64_t iteration, Clock::duration step) {
    constexpr int kStepsALine = 100;
    taken_ += step;
    if (++steps_ < kStepsALine) return;
    Json line = {{"iteration", iteration}, {"seconds_a_step", taken_.count() / steps_}};
    if (device_.is_gpu()) line["peak_gpu_bytes"] = take_peak_gpu_memory(device_);
    log_ << to_text(line) << std::endl;
    taken_ = {};
    steps_ = 0;
  }

 private:
  Device device_;
  std::ofstream log_;
  std::chrono::duration<double> taken_{};
  int steps_ = 0;
};

class Training {
 public:
  explicit Training(const TrainingJob& job)
      : job_(job),
        state_file_(job.directory / "state.pt"),
        lock_(job.directory / "lock"),
        sampler_(paired_by_class(job), job.videos, job.background, job.options.background_rows,
                 is_wtalc() ? Pairs::kIndependent : Pairs::kDifferent),
        learner_(job.options, static_cast<int>(job.dataset->classes().size()),
                 job.dataset->features().feature_size(), learner_place(job.device)) {
    settle(job);
    const std::int64_t logged = fs::exists(state_file_) ? restore() : 0;
    metrics_.emplace(job.directory / "metrics.jsonl", logged, job.on_logged);
    timing_.emplace(job.directory / "timing.jsonl", job.device);
  }

  TrainingResult run() {
    try {
      while (!finished_) advance();
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::kInterrupted && is_unsaved_) save();
      throw;
    }
    return result_;
  }

 private:
  bool is_wtalc() const { return job_.options.kind == NetworkKind::kWtalc; }
  bool is_last() const { return result_.iterations == job_.options.iterations; }

  bool judgement_is_due() const {
    if (judged_ == result_.iterations) return false;
    const std::int64_t before = result_.iterations - 1;
    if (before > 0 && before % job_.options.evaluate_every == 0) return true;
    return is_last() && last_is_judged();
  }

  bool last_is_judged() const {
    return job_.options.compat == Compat::kClean || !job_.judge || result_.best_iteration == 0;
  }

  void advance() {
    throw_if_interrupted();
    if (judgement_is_due()) {
      judge();
      finished_ = is_last() || (job_.options.patience > 0 && unimproved_ >= job_.options.patience);
      save();
    } else if (is_last()) {
      finished_ = true;
      save();
    } else {
      update();
      const std::chrono::duration<double> unsaved = Clock::now() - saved_;
      if (unsaved.count() > job_.checkpoint_s) save();
    }
  }

  Batch next_batch() const {
    auto random = random_for(job_.options.seed, iteration(), kBatches);
    const FeatureSet& features = job_.dataset->features();
    Batch batch;
    for (const std::size_t video : sampler_.draw(random)) {
      throw_if_interrupted();
      const std::int64_t snippets = features.snippets(video);
      const int length = job_.options.length;
      const auto rows = is_wtalc() ? cropped_rows(snippets, length, job_.options.compat, random)
                                   : resampled_rows(snippets, length, random);
      batch.features.push_back(features.rows(video, rows));
      batch.classes.push_back(job_.dataset->labels(video));
    }
    if (is_wtalc()) {
      align(batch);
    } else if (job_.options.compat == Compat::kAuthors) {
      cut_to_nonzero_count(batch.features);
    }
    return batch;
  }

  // Of a W-TALC: as long as the longest.
  void align(Batch& batch) const {
    for (const Array& video : batch.features) {
      batch.lengths.push_back(counted_snippets(video, job_.options.compat));
    }
    set_length(batch.features, std::max<std::int64_t>(1, std::ranges::max(batch.lengths)));
  }

  void update() {
    const auto start = Clock::now();
    const std::uint64_t dropout_seed = random_for(job_.options.seed, iteration(), kDropout)();
    const UpdateFigures figures = learner_.update(next_batch(), dropout_seed, job_.threads);
    ++result_.iterations;
    is_unsaved_ = true;
    timing_->add(result_.iterations, Clock::now() - start);
    Json line = {{"iteration", result_.iterations}, {"losses", terms_of(job_, figures.losses)}};
    if (!is_wtalc()) {
      line["attention"] = {{"attn", to_json(figures.attn)},
                           {"attn_rgb", to_json(figures.attn_rgb)},
                           {"attn_flow", to_json(figures.attn_flow)}};
    }
    metrics_->add(line);
    sum_ += figures.losses;
    ++summed_;
    job_.on_update(result_.iterations, figures.losses);
  }

  bool is_better(double score) const {
    if (!job_.judge || result_.best_iteration == 0) return true;
    return job_.later_wins_ties ? score >= result_.best.score : score > result_.best.score;
  }

  void judge() {
    const Judgement judgement = job_.judge ? job_.judge(learner_.model()) : Judgement{};
    const bool best = is_better(judgement.score);
    if (best) {
      learner_.model().save(job_.model_file);
      result_.best_iteration = result_.iterations;
      result_.best = judgement;
    }
    unimproved_ = best ? 0 : unimproved_ + 1;
    if (job_.judge) {
      Json line = judgement.details;
      line.update({{"iteration", result_.iterations}, {"score", judgement.score}, {"best", best}});
      metrics_->add(line);
    }
    judged_ = result_.iterations;
    is_unsaved_ = true;
    job_.on_judged(result_.iterations, divided(sum_, summed_), judgement, best);
    sum_ = {};
    summed_ = 0;
  }

  std::uint64_t iteration() const { return static_cast<std::uint64_t>(result_.iterations); }

  // The log first: a state's lines are always in it.
  void save() {
    metrics_->flush();
    Json progress = {{"iterations", result_.iterations},
                     {"best_iteration", result_.best_iteration},
                     {"best_score", result_.best.score},
                     {"best_details", result_.best.details},
                     {"judged", judged_},
                     {"unimproved", unimproved_},
                     {"finished", finished_},
                     {"logged", metrics_->lines()}};
    if (job_.device.is_gpu()) progress["rows_at_once"] = learner_.rows_at_once();
    const std::string text = to_text(progress);
    Tensors state = learner_.state();
    state["progress"] = torch::tensor(std::vector<std::uint8_t>(text.begin(), text.end()));
    write_checkpoint(state_file_, state);
    saved_ = Clock::now();
    is_unsaved_ = false;
  }

  // Returns how many lines of the log are of the state.
  std::int64_t restore() {
    try {
      const Tensors state = read_checkpoint(state_file_);
      learner_.restore(state);
      const torch::Tensor text = state.at("progress").contiguous();
      const auto* bytes = static_cast<const char*>(text.data_ptr());
      const Json progress = parse_json({bytes, text.nbytes()}, "progress", ErrorKind::kModel);
      result_.iterations = progress.at("iterations");
      result_.best_iteration = progress.at("best_iteration");
      result_.best = {progress.at("best_score"), progress.at("best_details")};
      judged_ = progress.at("judged");
      unimproved_ = progress.at("unimproved");
      finished_ = progress.at("finished");
      if (job_.device.is_gpu()) learner_.set_rows_at_once(progress.at("rows_at_once"));
      return progress.at("logged");
    } catch (const std::exception& e) {
      throw Error(ErrorKind::kModel,
                  state_file_.string() + ": " + e.what() + "; delete the folder to train anew");
    }
  }

  const TrainingJob& job_;
  fs::path state_file_;
  FileLock lock_;
  BatchSampler sampler_;
  Learner learner_;
  std::optional<MetricsLog> metrics_;
  std::optional<TimingLog> timing_;
  TrainingResult result_;
  std::int64_t judged_ = 0;  // the iteration that was judged last
  int unimproved_ = 0;       // judgements since the best
  bool finished_ = false;
  LossValues sum_;  // since the last judgement
  int summed_ = 0;
  Clock::time_point saved_ = Clock::now();
  bool is_unsaved_ = false;  // what was done since
};

}  // namespace

void expect_same_training(const TrainingJob& job) {
  const fs::path file = settings_file(job);
  if (!fs::exists(file)) return;
  const Json before = parse_json(read_file(file), file.string(), ErrorKind::kModel);
  const Json settings = settings_of(job);
  if (before == settings) return;
  const auto schema = within(
      file.string(), [&] { return json_at<std::string>(before, "schema", ErrorKind::kModel); });
  if (schema != kSchema) {
    throw Error(ErrorKind::kUsage,
                job.directory.string() + " holds a training that another version began (" + schema +
                    ", not " + kSchema +
                    "), on another course; choose another folder, or delete that one");
  }
  std::string message = job.directory.string() + " holds another training:";
  for (const std::string& difference : json_differences(before, settings)) {
    message += " " + difference + ";";
  }
  throw Error(ErrorKind::kUsage, message + " choose another folder, or delete that one");
}

TrainingResult train(const TrainingJob& job) { return Training(job).run(); }

Json to_json(const LossValues& losses) {
  return {{"mil_orig", losses.mil_orig}, {"mil_supp", losses.mil_supp},
          {"cas", losses.cas},           {"ml", losses.ml},
          {"oppo", losses.oppo},         {"norm", losses.norm},
          {"total", losses.total}};
}

}  // namespace co2net
