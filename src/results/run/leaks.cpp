#include "results/run/leaks.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "metrics/leak_summary.hpp"
#include "privacy/identification_bound.hpp"
#include "results/run/image_numbers.hpp"

namespace medpfl {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Upper bounds on the probability that an image is identified by all messages that epsilon covers;
// not a number where it covers none of those attacked. The image is known to have been in the
// batch.
class IdentificationBounds {
 public:
  explicit IdentificationBounds(const RunRecord& record)
      : privacy_(record.privacy), classes_(record.model->classes()) {}

  double of(const TaskRow& task, const ImageRow& row) {
    // A rank among no candidates tells nothing.
    if (privacy_ == nullptr || task.kind() == "probe" || row.score->candidates == 0) return kNone;
    const double chance = chance_of_identification(row.truth->images.size(0), row.score->candidates,
                                                   task.told_labels ? classes_ : 1);
    const auto [known, is_new] = known_.emplace(chance, 0);
    if (is_new) known->second = privacy_->identification(chance).present;
    return known->second;
  }

 private:
  const PrivacyLedger* privacy_;
  int64_t classes_;
  std::map<double, double> known_;  // by chance
};

// Collects what was chosen for each row, once for its round and once for all rounds.
class Leaks {
 public:
  explicit Leaks(const RunRecord& record)
      : bounds_(record), defended_(record.attacks->defended()) {}

  void add_task(const TaskRow& row) {
    const Reconstruction& r = row.task->result;
    each(row.method, row, [&](Group* group) {
      group->adapted = row.adapted;
      group->tasks.push_back({r.objective, r.matching_loss, r.iterations, r.evaluations, r.seconds,
                              r.status == "diverged", row.of->gradient_norm < kVanishedNorm,
                              row.of->observation.client});
    });
  }
  void add_image(const TaskRow& task, const ImageRow& row) {
    const at::Tensor pixels = row.truth->images[row.index].contiguous();
    ChosenImage image = {
        *row.score,         row.label_found, images_.number(pixels.data_ptr(), pixels.nbytes()),
        row.cluster,        chance_of(row),  bounds_.of(task, row),
        row.near_duplicates};
    add(task.method, task, image);
    // Each image once, however many attacks there are on it.
    if (task.method != first_.emplace(task.of, task.method).first->second) return;
    const WithoutAttack& without = task.of->without_attack;
    const auto index = static_cast<size_t>(row.index);
    image.identified_bound = kNone;
    image.score = without.public_mean[index];
    add(kPublicMean, task, image);
    if (without.public_nearest.empty()) return;
    image.score = without.public_nearest[index];
    add(kPublicNearest, task, image);
  }
  std::vector<LeakRow> rows() const {
    std::vector<LeakRow> out;
    for (const auto& [key, group] : groups_) {
      const auto& [is_probe, kind, method, round] = key;
      LeakSummary leak = summarize_leak(group.images, group.tasks);
      std::optional<Verdict> verdict;
      if (is_attack(method))
        verdict = judge({leak.identified, leak.chance, defended_, group.adapted});
      else
        leak.label_accuracy = kNone;
      // The mean image cannot be more like an image than itself.
      if (method == kPublicMean)
        leak.identified.value = leak.identified.low = leak.identified.high = kNone;
      out.push_back({method, kind, round, leak, verdict});
    }
    return out;
  }

 private:
  struct Group {
    std::vector<ChosenImage> images;
    std::vector<ChosenTask> tasks;
    bool adapted = false;
  };

  template <class Add>
  void each(const std::string& method, const TaskRow& row, const Add& add) {
    for (const int64_t round : {kAllRounds, row.of->observation.round})
      add(&groups_[{row.kind() == "probe", row.kind(), method, round}]);
  }
  void add(const std::string& method, const TaskRow& task, const ChosenImage& image) {
    each(method, task, [&](Group* group) { group->images.push_back(image); });
  }

  // The share of a message's images that chance finds: each reconstruction is nearest to one of the
  // candidates, and that is one of the message's with this probability.
  static double chance_of(const ImageRow& row) {
    const auto candidates = static_cast<double>(row.score->candidates);
    if (candidates == 0) return kNone;
    return std::min(1.0, static_cast<double>(row.truth->images.size(0)) / candidates);
  }

  ImageNumbers images_;
  IdentificationBounds bounds_;
  bool defended_;
  std::map<const AttackCase*, std::string> first_;  // method by which a message was scored first
  // By whether it is of probes, which come last; kind, method and round.
  std::map<std::tuple<bool, std::string, std::string, int64_t>, Group> groups_;
};

}  // namespace

std::vector<LeakRow> leaks_of(const std::vector<TaskRow>& tasks,
                              const std::vector<ImageRow>& images, const RunRecord& record) {
  Leaks leaks(record);
  for (const TaskRow& row : tasks)
    if (row.task->chosen) leaks.add_task(row);
  for (const ImageRow& row : images) {
    const TaskRow& task = tasks[static_cast<size_t>(row.task)];
    if (task.task->chosen) leaks.add_image(task, row);
  }
  return leaks.rows();
}

}  // namespace medpfl
