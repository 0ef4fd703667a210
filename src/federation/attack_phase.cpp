#include "federation/attack_phase.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>

#include "comm/task_farm.hpp"
#include "core/bytes.hpp"
#include "core/log.hpp"
#include "data/dataset.hpp"

namespace medpfl {
namespace {

// Starts of one observation; the key is shared by all methods, so that they start alike.
constexpr int64_t kMaxRestarts = 1 << 20;

void pack(const at::Tensor& tensor, ByteWriter* out) {
  const at::Tensor data = tensor.contiguous();
  out->array(data.sizes().vec());
  out->array(data.data_ptr<float>(), data.numel());
}

at::Tensor unpack_tensor(ByteReader* in) {
  at::Tensor tensor = at::empty(in->array<int64_t>(), at::kFloat);
  in->array_into(tensor.data_ptr<float>(), tensor.numel());
  return tensor;
}

std::string pack(const Reconstruction& r) {
  ByteWriter out;
  pack(r.images, &out);
  out.array(r.labels);
  out.text(r.status);
  out.value(r.matching_loss);
  out.value(r.iterations);
  out.value(r.evaluations);
  out.value(r.seconds);
  out.array(r.trace_iterations);
  out.array(r.trace);
  out.array(r.snapshot_iterations);
  for (const at::Tensor& snapshot : r.snapshots) pack(snapshot, &out);
  return out.take();
}

Reconstruction unpack_reconstruction(const std::string& bytes) {
  ByteReader in(bytes);
  Reconstruction r;
  r.images = unpack_tensor(&in);
  r.labels = in.array<int64_t>();
  r.status = in.text();
  r.matching_loss = in.value<double>();
  r.iterations = in.value<int64_t>();
  r.evaluations = in.value<int64_t>();
  r.seconds = in.value<double>();
  r.trace_iterations = in.array<int64_t>();
  r.trace = in.array<double>();
  r.snapshot_iterations = in.array<int64_t>();
  for (size_t i = 0; i < r.snapshot_iterations.size(); ++i)
    r.snapshots.push_back(unpack_tensor(&in));
  return r;
}

class AttackPhase {
 public:
  AttackPhase(const Communicator& comm, const Model& model, const AttackPlan& plan,
              const AttackCases& collected, const std::vector<AttackCase>& cases, uint64_t seed)
      : comm_(comm),
        model_(model),
        plan_(plan),
        collected_(collected),
        cases_(cases),
        seed_(seed) {}

  std::vector<AttackTask> run(const at::Tensor& prior) {
    for (size_t c = 0; c < cases_.size(); ++c)
      for (size_t m = 0; m < plan_.methods.size(); ++m)
        for (int64_t restart = 0; restart < plan_.restarts; ++restart) add_task(c, m, restart);
    Progress progress("attack", static_cast<int64_t>(tasks_.size()));
    int64_t done = 0;
    TaskFarm farm;
    farm.tasks = static_cast<int64_t>(tasks_.size());
    farm.all_ranks = plan_.all_ranks;
    farm.describe = [this](int64_t i) { return describe(static_cast<size_t>(i)); };
    farm.execute = [&](const std::string& description, const std::function<void()>& tick) {
      return execute(description, [&](int64_t iteration, double objective) {
        tick();
        progress.update(done, fmt::format("iteration {}, objective {:.2e}", iteration, objective));
      });
    };
    farm.accept = [&](int64_t i, const std::string& result) {
      tasks_[static_cast<size_t>(i)].result = unpack_reconstruction(result);
      progress.update(++done);
    };
    run_tasks(comm_, farm);
    choose();
    score(prior);
    return std::move(tasks_);
  }

 private:
  void add_task(size_t case_index, size_t method, int64_t restart) {
    const Observation& o = cases_[case_index].observation;
    AttackTask task;
    task.method = plan_.methods[method].name;
    task.round = o.round;
    task.client = o.client;
    task.probe = o.probe;
    task.restart = restart;
    task.knowledge = fmt::format("labels: {}; batch {}; {} local steps; {}",
                                 plan_.methods[method].attack->label_rule(), o.batch, o.steps,
                                 plan_.public_knowledge);
    task.truth = cases_[case_index].truth;
    tasks_.push_back(std::move(task));
    sources_.push_back({case_index, method});
  }

  std::string describe(size_t i) const {
    const auto [case_index, method] = sources_[i];
    const Observation& o = cases_[case_index].observation;
    const FlatParameters& weights = collected_.weights(o.round);
    const bool labels_known = plan_.methods[method].attack->label_rule() == "known";
    ByteWriter out;
    out.value(static_cast<int64_t>(method));
    out.value(tasks_[i].restart);
    out.value(o.round);
    out.value(o.client);
    out.value(o.probe);
    out.value(o.batch);
    out.value(o.steps);
    out.array(labels_known ? cases_[case_index].truth.labels : std::vector<int64_t>());
    out.array(weights.data(), weights.size());
    out.array(o.gradient.data(), o.gradient.size());
    return out.take();
  }

  std::string execute(const std::string& description, const AttackMonitor& monitor) const {
    ByteReader in(description);
    const auto method = static_cast<size_t>(in.value<int64_t>());
    const auto restart = in.value<int64_t>();
    Observation o;
    o.round = in.value<int64_t>();
    o.client = in.value<int64_t>();
    o.probe = in.value<int64_t>();
    o.batch = in.value<int64_t>();
    o.steps = in.value<int64_t>();
    o.known_labels = in.array<int64_t>();
    o.weights = FlatParameters(model_.layout());
    o.gradient = FlatParameters(model_.layout());
    in.array_into(o.weights.data(), o.weights.size());
    in.array_into(o.gradient.data(), o.gradient.size());
    const StreamKey start{seed_, Purpose::kAttackStart, static_cast<uint64_t>(o.round),
                          static_cast<uint64_t>(o.client),
                          static_cast<uint64_t>((o.probe + 1) * kMaxRestarts + restart)};
    return pack(plan_.methods[method].attack->run(model_, o, start, monitor));
  }

  // The attacker keeps the restart of least matching loss; it knows nothing better.
  void choose() {
    for (size_t first = 0; first < tasks_.size(); first += static_cast<size_t>(plan_.restarts)) {
      const auto begin = tasks_.begin() + static_cast<int64_t>(first);
      std::min_element(begin, begin + plan_.restarts, [](const AttackTask& a, const AttackTask& b) {
        return a.result.matching_loss < b.result.matching_loss;
      })->chosen = true;
    }
  }

  void score(const at::Tensor& prior) {
    for (AttackTask& task : tasks_) {
      const at::Tensor truth = to_unit_range(task.truth.images);
      // The truth may lie beyond the candidates kept of a large shard, so it is always added.
      const at::Tensor candidates =
          at::cat({truth, to_unit_range(collected_.shard_images(task.client))});
      task.scores = score_batch(truth, task.result.images, prior, candidates);
    }
  }

  const Communicator& comm_;
  const Model& model_;
  const AttackPlan& plan_;
  const AttackCases& collected_;
  const std::vector<AttackCase>& cases_;
  uint64_t seed_;
  std::vector<AttackTask> tasks_;
  std::vector<std::pair<size_t, size_t>> sources_;  // case and method of each task
};

}  // namespace

std::vector<AttackTask> run_attacks(const Communicator& comm, const Model& model,
                                    const AttackPlan& plan, const AttackCases& collected,
                                    const std::vector<AttackCase>& cases, const at::Tensor& prior,
                                    uint64_t seed) {
  return AttackPhase(comm, model, plan, collected, cases, seed).run(prior);
}

}  // namespace medpfl
