#include "campaign/attack_queue.hpp"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>

#include "attacks/labels.hpp"
#include "attacks/matching/network_priors.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "core/tensor_bytes.hpp"
#include "data/dataset.hpp"

namespace medpfl {
namespace {

// Starts of one observation; the key is shared by all methods, so that they start alike.
constexpr int64_t kMaxRestarts = 1 << 20;

}  // namespace

AttackQueue::AttackQueue(const Model& model, const AttackPlan& plan, AttackCases* cases,
                         const at::Tensor& public_mean, uint64_t seed)
    : model_(model), plan_(plan), cases_(cases), public_mean_(public_mean), seed_(seed) {}

const AttackPlan::Method& AttackQueue::method(const AttackTask& task) const {
  return plan_.methods[static_cast<size_t>(task.method)];
}

std::string AttackQueue::knowledge(const AttackTask& task) const {
  const Observation& o = attack_case(task).observation;
  const AttackFacts facts = method(task).attack->facts();
  const LocalGuess& guess = facts.guess;
  const auto told = [](bool guessed) { return guessed ? " (guessed)" : ""; };
  const int64_t count = guess.steps > 0 ? guess.steps : o.steps;
  std::string steps =
      fmt::format("{} local step{}{}", count, count == 1 ? "" : "s", told(guess.steps > 0));
  if (facts.update == UpdateRule::kUnroll) {
    const int64_t images = guess.batch > 0 ? guess.batch : o.local_batch;
    steps += fmt::format(" of {} images{}", images > 0 ? std::min(images, o.batch) : o.batch,
                         told(guess.batch > 0));
  }
  std::string more = facts.public_mean ? "mean public image; " : "";
  if (!facts.decoding.empty()) more += fmt::format("decoded by {}; ", facts.decoding);
  if (!facts.assumptions.empty()) more += fmt::format("assumes {}; ", facts.assumptions);
  if (lacks_statistics(task))
    more += "running batch statistics left out: training never touched them; ";
  else if (facts.batch_statistics)
    more += fmt::format("{} batch statistics; ", facts.batch_statistics == StatisticsSource::kUpdate
                                                     ? "the update's"
                                                     : "running");
  return fmt::format(
      "labels: {}{}; batch {}; {}; update: {}; learning rate {}; {}{}", word_of(facts.labels),
      misled_by_signs(facts.labels, model_) ? " (unsure: features have both signs)" : "", o.batch,
      steps, word_of(facts.update),
      guess.rate > 0 ? fmt::format("{} (guessed)", guess.rate) : "known", more,
      plan_.public_knowledge);
}

bool AttackQueue::lacks_statistics(const AttackTask& task) const {
  return method(task).attack->facts().batch_statistics == StatisticsSource::kRunning &&
         untouched_statistics(model_, cases_->weights(attack_case(task).observation.round));
}

void AttackQueue::warn(const std::string& topic, const std::string& message) {
  if (warned_.insert(topic).second) log_warning(message);
}

void AttackQueue::warn_before(const AttackTask& task) {
  const auto& [name, attack] = method(task);
  const int64_t round = attack_case(task).observation.round;
  if (lacks_statistics(task))
    warn("statistics",
         fmt::format("{} leaves bn_statistics out in round {}: running statistics are still 0 and "
                     "1, as before any training; set model.weights, or bn_target=update under "
                     "model.norm_mode=train",
                     name, round));
  if (misled_by_signs(attack->facts().labels, model_))
    warn("labels of " + name,
         fmt::format("{} finds labels by labels={}, which holds where what enters the last layer "
                     "is never negative, and that of {} can be: labels may be wrong; set "
                     "attack.{}.labels=bias-counts or known",
                     name, word_of(attack->facts().labels), model_.name(), name));
}

void AttackQueue::warn_after(const AttackTask& task) {
  const std::string& name = method(task).name;
  const int64_t round = attack_case(task).observation.round;
  if (task.result.status == "flat")
    warn("flat " + name,
         fmt::format(
             "{} ended in round {} because its objective has no slope (status flat), often at "
             "its start: either the gradient of the message has vanished, or L-BFGS without "
             "line search took a small slope for 0; against the latter set "
             "attack.{}.line_search=strong-wolfe or a larger attack.{}.objective_scale",
             name, round, name, name));
  if (task.result.status == "unimproved")
    warn("unimproved " + name,
         fmt::format("{} returns its start in round {} (status unimproved): in [0, 1] nothing it "
                     "reached is better by its own objective; set another attack.{}.optimizer or "
                     "learning_rate, line_search=strong-wolfe of lbfgs, or box=true",
                     name, round, name));
}

void AttackQueue::queue_new_cases() {
  for (; queued_cases_ < cases_->size(); ++queued_cases_)
    for (size_t m = 0; m < plan_.methods.size(); ++m)
      for (int64_t restart = 0; restart < plan_.restarts; ++restart) {
        AttackTask task;
        task.attack_case = queued_cases_;
        task.method = static_cast<int64_t>(m);
        task.restart = restart;
        warn_before(task);
        tasks_.push_back(std::move(task));
      }
}

// One without halving.
int64_t AttackQueue::rungs() const {
  int64_t rungs = 1;
  if (plan_.halving)
    for (int64_t left = plan_.restarts; left > 1; left = (left + 1) / 2) ++rungs;
  return rungs;
}

bool AttackQueue::run(const Communicator& comm, JobControl* control) {
  queue_new_cases();
  auto tasks = static_cast<int64_t>(tasks_.size());
  comm.broadcast(&tasks, sizeof tasks);
  const int64_t before = finished_;
  Progress progress("attack", tasks - before);
  const auto show = [&](const std::string& detail) { progress.update(finished_ - before, detail); };
  // Paused restarts hold their optimizers, so only some groups climb at a time.
  const int64_t workers = plan_.all_ranks ? comm.size() : 1;
  const int64_t at_once = plan_.halving ? workers * plan_.restarts : std::max<int64_t>(1, tasks);
  for (int64_t first = 0; first < tasks; first += at_once) {
    const int64_t end = std::min(first + at_once, tasks);
    for (int64_t rung = 0; rung < rungs(); ++rung) {
      if (!climb(comm, control, first, end, rung, show)) return false;
      if (!comm.is_root() || rung + 1 == rungs()) continue;
      for (int64_t group = first; group < end; group += plan_.restarts)
        drop_weak(static_cast<size_t>(group), rung);
    }
  }
  return true;
}

bool AttackQueue::climb(const Communicator& comm, JobControl* control, int64_t first, int64_t end,
                        int64_t rung, const std::function<void(const std::string&)>& show) {
  const auto task = [&](int64_t i) -> AttackTask& {
    return tasks_[static_cast<size_t>(first + i)];
  };
  TaskFarm farm;
  farm.tasks = comm.is_root() ? end - first : 0;
  farm.all_ranks = plan_.all_ranks;
  farm.open = [&](int64_t i) { return !task(i).finished && task(i).rung == rung; };
  farm.describe = [&](int64_t i) { return describe(task(i)); };
  farm.execute = [&](const std::string& description, const FarmTick& tick) {
    return execute(description, rung, [&](const AttackProgress& at) {
      show(fmt::format("iteration {}, objective {:.2e}", at.iteration, at.objective));
      return tick(at.save);
    });
  };
  farm.accept = [&](int64_t i, const std::string& result) {
    accept(static_cast<size_t>(first + i), result);
    show("");
  };
  farm.keep = [&](int64_t i, const std::string& state) { task(i).state = state; };
  return run_tasks(comm, farm, control);
}

std::string AttackQueue::describe(const AttackTask& task) const {
  const AttackCase& one = attack_case(task);
  const AttackFacts facts = method(task).attack->facts();
  Observation seen = one.observation;
  seen.weights = cases_->weights(seen.round);
  if (facts.labels == LabelRule::kKnown) seen.known_labels = one.truth.labels;
  if (facts.public_mean) seen.public_mean = public_mean_;
  ByteWriter out;
  out.value(task.method);
  out.value(task.restart);
  pack(seen, &out);
  out.text(task.state);
  return out.take();
}

std::optional<std::string> AttackQueue::execute(
    const std::string& description, int64_t rung,
    const std::function<bool(const AttackProgress&)>& go_on) const {
  ByteReader in(description);
  const auto method = static_cast<size_t>(in.value<int64_t>());
  const auto restart = in.value<int64_t>();
  const Observation o = unpack_observation(model_.layout(), &in);
  const std::string state = in.text();
  const StreamKey start{seed_, Purpose::kAttackStart, static_cast<uint64_t>(o.round),
                        static_cast<uint64_t>(o.client),
                        static_cast<uint64_t>((o.probe + 1) * kMaxRestarts + restart)};
  const Attack& attack = *plan_.methods[method].attack;
  const bool last_rung = rung + 1 == rungs();
  const int64_t pause = std::max<int64_t>(1, attack.facts().iterations >> (rungs() - 1 - rung));
  std::string paused, ended;
  const MemoryWatch memory;
  auto result = attack.run(model_, o, start, state, [&](const AttackProgress& at) {
    if ((plan_.max_evaluations > 0 && at.evaluations >= plan_.max_evaluations) ||
        (plan_.max_seconds > 0 && at.seconds >= plan_.max_seconds)) {
      ended = "budget";
      return AttackOrder::kEnd;
    }
    if (!last_rung && at.iteration >= pause) {
      paused = at.save();
      return AttackOrder::kEnd;
    }
    return go_on(at) ? AttackOrder::kGoOn : AttackOrder::kAbandon;
  });
  if (!result) return std::nullopt;
  if (!ended.empty()) result->status = ended;
  result->memory_growth = memory.growth();
  ByteWriter out;
  out.text(paused);
  pack(*result, &out);
  return out.take();
}

void AttackQueue::accept(size_t i, const std::string& message) {
  AttackTask& task = tasks_[i];
  ByteReader in(message);
  task.state = in.text();
  const int64_t before = task.result.memory_growth;  // on an earlier rung
  task.result = unpack_reconstruction(&in);
  task.result.memory_growth = std::max(before, task.result.memory_growth);
  if (task.state.empty())
    finish(i);
  else
    ++task.rung;
}

void AttackQueue::finish(size_t i) {
  AttackTask& task = tasks_[i];
  task.finished = true;
  ++finished_;
  task.state.clear();
  const AttackCase& one = attack_case(task);
  const at::Tensor truth = to_unit_range(one.truth.images);
  // The truth may lie beyond the candidates kept of a large shard, so it is always added.
  const at::Tensor candidates =
      at::cat({truth, to_unit_range(cases_->candidates(one.observation))});
  warn_after(task);
  task.scores = score_batch(truth, task.result.images, public_mean_, candidates);
  task.oracle = oracle_scores(truth, task.scores, task.result.snapshots, public_mean_);
  choose(i);
  const auto of_case = static_cast<int64_t>(plan_.methods.size()) * plan_.restarts;
  const auto first = tasks_.begin() + task.attack_case * of_case;
  if (std::all_of(first, first + of_case, [](const AttackTask& t) { return t.finished; }))
    cases_->release(task.attack_case);
}

// The end of a rung: half of the restarts that were left go on, the others are finished as they
// are. One that ended by itself keeps its place among them. Doing it twice changes nothing.
void AttackQueue::drop_weak(size_t group, int64_t rung) {
  std::vector<size_t> left;
  for (size_t i = group; i < group + static_cast<size_t>(plan_.restarts); ++i) {
    if (!tasks_[i].finished && tasks_[i].rung != rung + 1) return;  // it has climbed on already
    if (tasks_[i].result.status != "dropped") left.push_back(i);
  }
  std::stable_sort(left.begin(), left.end(), [this](size_t a, size_t b) {
    return tasks_[a].result.objective < tasks_[b].result.objective;
  });
  int64_t places = plan_.restarts;
  for (int64_t r = 0; r <= rung; ++r) places = (places + 1) / 2;
  for (size_t p = static_cast<size_t>(places); p < left.size(); ++p) {
    if (tasks_[left[p]].finished) continue;
    tasks_[left[p]].result.status = "dropped";
    finish(left[p]);
  }
}

// The attacker keeps the restart of least objective; it knows nothing better.
void AttackQueue::choose(size_t i) {
  const auto first = i - static_cast<size_t>(tasks_[i].restart);
  AttackTask* best = nullptr;
  for (size_t t = first; t < first + static_cast<size_t>(plan_.restarts); ++t) {
    tasks_[t].chosen = false;
    if (tasks_[t].finished &&
        (best == nullptr || tasks_[t].result.objective < best->result.objective))
      best = &tasks_[t];
  }
  best->chosen = true;
}

std::vector<const AttackTask*> AttackQueue::finished() const {
  std::vector<const AttackTask*> out;
  for (const AttackTask& task : tasks_)
    if (task.finished) out.push_back(&task);
  return out;
}

void AttackQueue::save(ByteWriter* out) const {
  out->value(queued_cases_);
  for (const AttackTask& task : tasks_) {
    out->value(task.finished);
    out->value(task.chosen);
    out->value(task.rung);
    out->text(task.state);
    if (!task.finished && task.rung == 0) continue;
    pack(task.result, out);
    out->array(task.scores);
    out->array(task.oracle);
  }
}

void AttackQueue::restore(ByteReader* in) {
  const auto cases = in->value<int64_t>();
  if (cases > cases_->size())
    throw Error(ExitCode::kInternal, "the attack queue knows more cases than there are");
  queue_new_cases();
  tasks_.resize(static_cast<size_t>(cases) * plan_.methods.size() *
                static_cast<size_t>(plan_.restarts));
  queued_cases_ = cases;
  for (AttackTask& task : tasks_) {
    task.finished = in->value<bool>();
    task.chosen = in->value<bool>();
    task.rung = in->value<int64_t>();
    task.state = in->text();
    if (task.finished) ++finished_;
    if (!task.finished && task.rung == 0) continue;
    task.result = unpack_reconstruction(in);
    task.scores = in->array<ImageScore>();
    task.oracle = in->array<OracleScore>();
  }
}

}  // namespace medpfl
