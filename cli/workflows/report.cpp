#include "cli/workflows/report.h"

#include <string>
#include <vector>

#include "cli/workflows/merge.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "postprocess/report/pages.h"
#include "postprocess/report/report_data.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

bool is_of_a_report(const std::string& name) {
  return name == kResultsPageName || name == kEvaluationPageName || name == "data" ||
         name == "videos";
}

// Writes a report into a folder.
class ReportWriter {
 public:
  // `paths` are where the videos are.
  ReportWriter(const ReportJob& job, ReportContents& contents, const std::vector<fs::path>& paths,
               const fs::path& folder)
      : job_(job),
        contents_(contents),
        paths_(paths),
        place_{folder, job.output},
        scores_(job.files.scores),
        strips_(contents.videos.size()) {}

  void write(const Observer& observer) {
    for_each_video(
        contents_.videos, paths_, job_.threads, observer,
        [this](std::size_t index) { write_video(index); },
        [](const VideoError& error) { throw Error(ErrorKind::kInternal, error.message); });
    keep_evaluation();
    write_file(place_.folder / kListScript, list_script(facts(), contents_.videos, strips_));
    write_file(place_.folder / kResultsPageName, kResultsPage);
  }

 private:
  ReportFacts facts() const {
    return {.key = contents_.key,
            .results = fs::path(name_of(job_.files.results)).filename().string(),
            .other = job_.files.compare.filename().string(),
            .has_truth = !job_.files.ground_truth.empty(),
            .has_evaluation = fs::exists(place_.folder / kEvaluationPageName),
            .classes = contents_.classes};
  }

  // That of 'eval --report', from the folder that is replaced.
  void keep_evaluation() const {
    const fs::path page = place_.output / kEvaluationPageName;
    if (fs::exists(page)) write_file(place_.folder / kEvaluationPageName, read_file(page));
  }

  void write_video(std::size_t index) {
    ReportMedia media;
    if (!paths_[index].empty()) media = write_media(paths_[index], index, place_, job_.media);
    strips_[index] = media.strip;
    ReportVideo& video = contents_.videos[index];
    video.file_duration_s = media.duration_s;
    write_file(place_.folder / video_script_name(index),
               video_script(index, video, media, scores_of(video, scores_)));
  }

  const ReportJob& job_;
  ReportContents& contents_;
  const std::vector<fs::path>& paths_;
  const ReportPlace place_;
  const ScoreFiles scores_;
  Strings strips_;
};

// What else there is has names that others give, too.
void expect_own_page(const fs::path& folder) {
  const fs::path page = folder / kResultsPageName;
  const bool is_empty = !fs::exists(page) && !fs::exists(folder / "data");
  if (is_empty || (fs::exists(page) && is_results_page(read_file(page)))) return;
  throw Error(ErrorKind::kInput, "the folder " + folder.string() +
                                     " holds files with the names of a report's, but no report; "
                                     "choose another place with -o");
}

}  // namespace

void expect_report_place(const fs::path& folder) {
  expect_only_in(folder, is_of_a_report);
  expect_own_page(folder);
  expect_writable(folder);
}

std::size_t write_report(const ReportJob& job, const Observer& observer) {
  expect_report_place(job.output);
  ReportContents contents = read_report_files(job.files);
  const std::vector<fs::path> paths = named_videos(contents.videos, job.files);
  write_folder_with(job.output, [&](const fs::path& folder) {
    ReportWriter(job, contents, paths, folder).write(observer);
  });
  return contents.videos.size();
}

}  // namespace co2net
