#include "study/federated_study.hpp"

#include <fmt/format.h>

#include "attacks/engines/matching_engine.hpp"
#include "core/log.hpp"
#include "study/forewarnings.hpp"
#include "study/sizes.hpp"
#include "study/study_inputs.hpp"

namespace medpfl {
namespace {

void make_federation(const RunContext& context, FederatedStudy* study) {
  const Settings& s = context.settings;
  study->federation = std::make_unique<Federation>(
      Federation{context.comm, *study->model, study->data, *study->algorithm, s.defenses,
                 s.federation, *s.targets, study->seeds});
  if (s.imprint_bins > 0) {
    study->malicious_server = std::make_unique<MaliciousServer>(
        context.comm, *study->model, study->data, s.imprint_groups, study->seeds.server);
    study->federation->malicious_server = study->malicious_server.get();
  }
  study->state.optimizer = make_server_optimizer(s.federation, study->model->layout().trainable());
}

void make_logs(const RunContext& context, FederatedStudy* study) {
  const Settings& s = context.settings;
  study->weights = std::make_unique<WeightLog>(s.output);
  if (context.comm.is_root())
    study->privacy = PrivacyLedger::make(s.federation, *study->algorithm, s.defenses,
                                         study->model->layout().size(), study->seeds.clients,
                                         study->data.shard_sizes);
  if (!s.defenses.empty()) study->defenses = std::make_unique<DefenseLog>(context.comm, s.defenses);
}

void describe(const Settings& s, const FederatedStudy& study, RunRecord* record) {
  record->model = study.model.get();
  record->data = &study.data;
  record->attacks = study.attacks.get();
  record->weights = study.weights.get();
  record->privacy = study.privacy.get();
  record->defenses = study.defenses.get();
  record->payload_is_gradient = s.federation.sends_gradients;
  record->learning_rate = s.federation.learning_rate;
}

}  // namespace

void load_study(const RunContext& context, RunKeeper* keeper, FederatedStudy* study) {
  const auto timer = keeper->timers.measure(Phase::kLoad);
  const Communicator& comm = context.comm;
  const Settings& s = context.settings;
  study->data = load_federated_data(comm, *s.dataset, s.federated_data, s.federation);
  check_study_inputs(context, study->data, keeper);
  study->seeds = seeds_over_inputs(context, keeper->record.inputs);
  comm.agree([&] {
    study->model = std::make_unique<Model>(make_model(context.config, s, study->data.classes()));
    study->model->compute_on(context.place.compute_device());
    if (!s.attack.methods.empty())
      keeper->record.engine = choose_engine(s.attack_request.engine, *study->model);
    study->algorithm = make_algorithm(context.config, s, *study->model, study->seeds);
  });
  log_info(
      fmt::format("{}: {} training and {} test images in {} classes; {} hospitals on {} ranks; "
                  "{} with {} parameters",
                  s.dataset_name, study->data.train_labels.size(), study->data.test_labels.size(),
                  study->data.classes(), study->data.client_count(), comm.size(),
                  study->model->name(), study->model->layout().size()));
  if (comm.is_root()) {
    warn_of_untested(s);
    warn_of_small_shards(s, study->data);
    warn_of_local_steps(s, most_local_steps(s, study->data));
    warn_of_defenses(s);
  }
  announce_files(context, *study);
  make_federation(context, study);
  study->cases = std::make_unique<AttackCases>(study->model->layout());
  study->cases->set_public_images(study->data.public_images);
  study->attacks = std::make_unique<AttackQueue>(*study->model, s.attack, study->cases.get(),
                                                 study->data.public_mean, study->seeds.server);
  make_logs(context, study);
  describe(s, *study, &keeper->record);
}

void open_files(const RunContext& context, RunKeeper* keeper, FederatedStudy* study) {
  const Settings& s = context.settings;
  if (s.capture.gradients != CapturedMessages::kNone) {
    study->capture =
        std::make_unique<GradientCapture>(*study->federation, s.output, s.capture, &keeper->timers);
    keeper->record.capture = study->capture.get();
  }
  const int64_t size = s.defenses.state_size(study->model->layout().size());
  if (size == 0) return;
  constexpr int64_t kMiB = int64_t{1} << 20;
  study->state.clients =
      std::make_unique<RowStore>(size, s.federation.state_memory * kMiB, s.output + "/states");
  study->client_states =
      std::make_unique<ClientStateFile>(context.comm, s.output, study->state.clients.get());
}

}  // namespace medpfl
