#include "study/file_estimate.hpp"

#include <algorithm>

#include "federation/public_images.hpp"
#include "federation/server_optimizer.hpp"
#include "study/sizes.hpp"

namespace medpfl {
namespace {

// Bytes of configuration, tables and HDF5 itself in the files of a small run, as measured.
constexpr int64_t kRunFileBytes = 400 << 10, kCheckpointBytes = 20 << 10, kTaskBytes = 2 << 10;

// Returns the bytes of attacks under way: their images, and what their optimizers remember.
int64_t task_state_bytes(const Settings& settings, const Model& model, const RunCounts& counts) {
  const int64_t workers =
      settings.attack.all_ranks ? static_cast<int64_t>(counts.messages.size()) : 1;
  const int64_t at_once =
      std::min(counts.tasks, workers * (settings.attack.halving ? settings.attack.restarts : 1));
  const int64_t vectors =
      8 + static_cast<int64_t>(settings.snapshots.size()) + attack_history(settings.attack);
  return at_once * vectors * counts.attacked_batch * model.input().size() * kFloatBytes;
}

// Returns the bytes of a checkpoint at its largest. As attacks end, messages that wait become fewer
// and results more; the sum of both is an upper bound.
int64_t checkpoint_bytes(const Settings& settings, const FederatedData& data, const Model& model,
                         const RunCounts& counts) {
  const int64_t moments = moments_of(settings.federation.server_optimizer);
  const int64_t image = image_bytes(data, model);
  return kCheckpointBytes +
         (1 + moments + counts.attacked_at_once + counts.attacked_rounds) * vector_bytes(model) +
         (counts.attacked_images + counts.attacked_clients * kept_shard(data)) * image +
         reconstruction_bytes(settings, model, counts) + counts.tasks * kTaskBytes +
         task_state_bytes(settings, model, counts);
}

}  // namespace

FileSizes estimate_files(const Settings& settings, const FederatedData& data, const Model& model,
                         const RunCounts& counts) {
  FileSizes sizes;
  sizes.capture = estimate_capture(settings.capture, model, data.shard_sizes, data.pixels.bytes(),
                                   settings.federation, *settings.targets, settings.seeds);
  if (settings.weights) sizes.weights = (settings.federation.rounds + 1) * vector_bytes(model);
  const int64_t state = settings.defenses.state_size(model.layout().size()) * kFloatBytes;
  const int64_t held = settings.federation.state_memory << 20;
  for (const int64_t clients : counts.participants) {
    sizes.client_states += 3 * clients * state;
    sizes.scratch += std::max<int64_t>(0, clients * state - held);
  }
  const int64_t image = image_bytes(data, model);
  if (settings.capture.gradients != CapturedMessages::kNone)
    sizes.public_images = image * kept_public_images(kMostPublicImages, image);
  sizes.reconstructions = reconstruction_bytes(settings, model, counts);
  sizes.checkpoint = checkpoint_bytes(settings, data, model, counts);
  return sizes;
}

RoomNeeds room_needs(const FileSizes& sizes) {
  return {{"gradients", sizes.capture.file_bytes},
          {"weights", sizes.weights},
          {"client states", sizes.client_states + sizes.scratch},
          {"two run.h5 with reconstructions",
           2 * (kRunFileBytes + sizes.public_images + sizes.reconstructions)},
          {"three checkpoints", 3 * sizes.checkpoint}};
}

}  // namespace medpfl
