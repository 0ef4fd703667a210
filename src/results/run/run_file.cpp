#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>

#include "comm/session.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "h5/axes.hpp"
#include "metrics/classification.hpp"
#include "privacy/identification_bound.hpp"
#include "results/folder/durable_file.hpp"
#include "results/run/network_state.hpp"
#include "results/run/pixel_record.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/run_record.hpp"
#include "results/run/run_tables.hpp"
#include "results/run/schema.hpp"

namespace medpfl {
namespace {

void write_root(h5::File* file, const RunRecord& record) {
  write_head(file, {kFileType, {kSchemaMajor, kSchemaMinor}, record.created, record.status});
  file->write_attribute("/", "server_seed", std::to_string(record.server_seed));
  if (record.source.empty()) return;
  file->write_attribute("/", "source_run", record.source);
  file->write_attribute("/", "source_digest", record.inputs.source);
}

void write_environment(h5::File* file, const RunRecord& record) {
  const std::vector<RankPlace>& places = record.places;
  const RankRecord& ranks = record.ranks;
  using Place = RankPlace;
  TableWriter table(file, "/environment", "rank");
  table.column<std::string, Place>(
      "host", places, [](const Place& p) { return p.host; }, "machine of the rank");
  table.column<int64_t, Place>(
      "local_rank", places, [](const Place& p) { return p.local_rank; },
      "place of the rank among those of its machine");
  table.column<std::string, Place>(
      "cpu_set", places, [](const Place& p) { return format_ranges(p.cpus); },
      "CPUs the rank may run on, as ranges");
  table.column<int64_t, Place>(
      "threads", places, [](const Place& p) { return p.threads; }, "compute threads of the rank");
  table.column<std::string, Place>(
      "device", places, [](const Place& p) { return p.device; },
      "cpu, or the name of the GPU the rank computes on");
  table.column<std::string, Place>(
      "device_uuid", places, [](const Place& p) { return p.device_uuid; },
      "UUID of the GPU; empty for cpu");
  table.column("peak_memory", ranks.peak_memory, "largest resident memory of the rank", "byte");
  const bool on_gpu =
      std::any_of(places.begin(), places.end(), [](const Place& p) { return p.gpu >= 0; });
  file->write_attribute("/environment", "device", std::string(on_gpu ? "cuda" : "cpu"));
  file->write_attribute("/environment", "resumes", record.resumes);
  file->write_attribute("/environment", "torch", torch_version());
  file->write_attribute("/environment", "mpi", mpi_library_version());
  file->write_attribute("/environment", "hdf5", h5::hdf5_version());

  std::vector<double> seconds;
  for (const auto& rank : ranks.seconds) seconds.insert(seconds.end(), rank.begin(), rank.end());
  file->write("/timings/seconds", seconds, {static_cast<int64_t>(ranks.seconds.size()), kPhases},
              {"time each rank spent in each phase", "second", {"rank", "phase"}});
  file->write_attribute("/timings", "phases",
                        std::vector<std::string>(kPhaseNames.begin(), kPhaseNames.end()));
}

void write_model(h5::File* file, const Model& model, const std::string& weights_digest) {
  std::vector<std::string> names, shapes;
  std::vector<int64_t> offsets, sizes, statistics;
  for (const ParameterLayout::Entry& entry : model.layout().entries()) {
    names.push_back(entry.name);
    offsets.push_back(entry.offset);
    sizes.push_back(entry.size);
    shapes.push_back(shape_text(entry.shape));
    statistics.push_back(entry.statistic ? 1 : 0);
  }
  TableWriter table(file, "/model", "tensor");
  table.column("name", names, "name of the parameter tensor");
  table.column("offset", offsets, "first element in the flat vector", "element");
  table.column("size", sizes, "number of elements", "element");
  table.column("shape", shapes, "extents of the tensor");
  table.column("statistic", statistics,
               "1: a running mean or variance, whose entry of a message is its change");
  file->write_attribute("/model", "name", model.name());
  file->write_attribute("/model", "classes", model.classes());
  file->write_attribute(
      "/model", "input_shape",
      std::vector<int64_t>{model.input().channels, model.input().height, model.input().width});
  file->write_attribute("/model", "parameters", model.layout().size());
  file->write_attribute("/model", "trainable", model.layout().trainable());
  file->write_attribute("/model", "norm_mode", word_of(model.norm_mode()));
  const Normalization pixels = model.normalization();
  const auto channels = static_cast<size_t>(model.input().channels);
  const bool none = pixels.mean.empty();
  file->write_attribute("/model", "pixel_mean",
                        none ? std::vector<double>(channels, 0) : pixels.mean);
  file->write_attribute("/model", "pixel_deviation",
                        none ? std::vector<double>(channels, 1) : pixels.deviation);
  file->write_attribute("/model", "weights_digest", weights_digest);
}

void write_data(h5::File* file, const RunRecord& record) {
  const FederatedData& data = *record.data;
  file->write("/data/prior", data.public_mean.data_ptr<float>(), data.public_mean.sizes().vec(),
              {"mean image of the held-out split, the public prior of RDLV",
               "0 to 1",
               {"channel", "row", "column"}});
  // For `medpfl attack`, which has gradients alone.
  if (const at::Tensor& images = data.public_images; images.defined() && record.capture != nullptr)
    with_pixel_type(data.pixels, [&](auto zero) {
      file->write(
          kPublicImages, images.data_ptr<decltype(zero)>(), images.sizes().vec(),
          {"some of the public images, from which the one nearest to a private image is taken",
           data.pixels.unit(),
           {"image", "channel", "row", "column"}});
    });
  file->write_attribute("/data", "dataset", record.dataset);
  write_pixel_format(file, data.pixels);
  file->write_attribute("/data", "class_names", data.class_names);
  file->write_attribute("/data", "train_images_digest", record.inputs.train_images);
  file->write_attribute("/data", "train_labels_digest", record.inputs.train_labels);
  file->write_attribute("/data", "test_images_digest", record.inputs.test_images);
  file->write_attribute("/data", "test_labels_digest", record.inputs.test_labels);

  const auto clients = data.client_count();
  std::vector<int64_t> histogram(static_cast<size_t>(clients * data.classes()), 0);
  for (size_t i = 0; i < data.assignment.size(); ++i)
    ++histogram[static_cast<size_t>(data.assignment[i] * data.classes() + data.train_labels[i])];
  TableWriter(file, "/clients", "client")
      .column("examples", data.shard_sizes, "training images of the hospital", "image");
  file->write("/clients/class_histogram", histogram, {clients, data.classes()},
              {"training images of each class", "image", {"client", "class"}});
  TableWriter images(file, "/clients", "image");
  images.column("assignment", data.assignment, "hospital of each training image");
  images.column("labels", data.train_labels, "class of each training image");
}

// Not a number where nothing is claimed; infinity would claim that all was given away.
void write_epsilon(h5::File* file, const RunRecord& record) {
  // What was attacked by `medpfl attack` claims it; the attack plays no round.
  const PrivacyLedger* privacy = record.source.empty() ? record.privacy : nullptr;
  const size_t rounds = record.rounds.size();
  std::vector<double> tight(rounds, std::numeric_limits<double>::quiet_NaN()),
      classic = tight, identified = tight, present = tight;
  for (size_t r = 0; privacy != nullptr && r < rounds; ++r) {
    tight[r] = privacy->greatest()[r].tight;
    classic[r] = privacy->greatest()[r].classic;
    identified[r] = privacy->identification()[r].sampled;
    present[r] = privacy->identification()[r].present;
  }
  TableWriter table(file, "/rounds", "round");
  table.column("epsilon", tight, "of the hospital that gave away most by the end of the round");
  table.column("epsilon_classic", classic, "the same by the classic conversion, never less");
  table.column("identification_bound", identified,
               "upper bound on the probability that anyone, whatever they knew before, names one "
               "image of that hospital among candidates");
  table.column("identification_bound_present", present,
               "the same of an image known to have been in every batch");
  file->write_attribute(
      "/rounds/epsilon", "claim",
      privacy != nullptr ? privacy->claim()
                         : "none: no noise that follows clipping, or images looked at behind it");
  if (privacy == nullptr) return;
  file->write_attribute("/rounds/epsilon", "delta", privacy->delta());
  file->write_attribute("/rounds/epsilon", "weak_from", kWeakEpsilon);
  file->write_attribute("/rounds/identification_bound", "candidates", kBoundCandidates);
  const auto clients = static_cast<int64_t>(record.data->shard_sizes.size());
  const std::vector<double>& each = privacy->of_clients();
  file->write("/clients/epsilon", each.data(), {static_cast<int64_t>(rounds), clients},
              {"epsilon of each hospital by the end of each round", "1", {"round", "client"}});
}

void write_rounds(h5::File* file, const RunRecord& record) {
  const auto& rows = record.rounds;
  TableWriter table(file, "/rounds", "round");
  using R = RoundRecord;
  const auto when_evaluated = [](double Utility::*member) {
    return [member](const R& r) {
      return r.evaluated ? r.utility.*member : std::numeric_limits<double>::quiet_NaN();
    };
  };
  table.column<int64_t, R>(
      "round", rows, [](const R& r) { return r.round; }, "round, from 0");
  table.column<int64_t, R>(
      "participants", rows, [](const R& r) { return r.participants; }, "hospitals that took part",
      "hospital");
  table.column<int64_t, R>(
      "arrived", rows, [](const R& r) { return r.arrived; }, "hospitals whose update arrived",
      "hospital");
  table.column<int64_t, R>(
      "examples", rows, [](const R& r) { return r.examples; },
      "images behind the updates that arrived", "image");
  table.column<double, R>(
      "train_loss", rows, [](const R& r) { return r.train_loss; },
      "mean training loss of the hospitals whose update arrived", "nat");
  table.column<double, R>("test_loss", rows, when_evaluated(&Utility::loss),
                          "cross entropy on the held-out split after the round", "nat");
  table.column<double, R>("accuracy", rows, when_evaluated(&Utility::accuracy), "share right");
  table.column<double, R>("balanced_accuracy", rows, when_evaluated(&Utility::balanced_accuracy),
                          "mean recall over the classes");
  table.column<double, R>("auroc", rows, when_evaluated(&Utility::auroc),
                          "macro one-vs-rest area under the ROC curve");
  table.column<double, R>("f1", rows, when_evaluated(&Utility::f1), "macro F1");
  const int64_t classes = record.data->classes();
  table.column<int64_t, R>(
      "one_class", rows,
      [classes](const R& r) {
        return r.evaluated && decides_as_one_class(r.utility, classes) ? 1 : 0;
      },
      "1: ranks the classes well (AUROC), but decides as if there were one");
  table.column<double, R>(
      "update_norm", rows, [](const R& r) { return r.update_norm; },
      "L2 norm of the weighted mean update");
  table.column<int64_t, R>(
      "bytes", rows, [](const R& r) { return r.bytes; },
      "weights sent and updates received by the server, under secure aggregation also keys and "
      "shares",
      "byte");
  table.column<double, R>(
      "seconds", rows, [](const R& r) { return r.seconds; }, "wall time of the round", "second");
  write_network_states(file, record);
  write_epsilon(file, record);
  h5::show(file, "/rounds", {"balanced_accuracy", {"round"}, {"accuracy", "auroc", "f1"}});
  file->write_attribute("/rounds", "initial_test_loss", record.initial.loss);
  file->write_attribute("/rounds", "initial_accuracy", record.initial.accuracy);
  file->write_attribute("/rounds", "initial_balanced_accuracy", record.initial.balanced_accuracy);
  file->write_attribute("/rounds", "initial_auroc", record.initial.auroc);
  file->write_attribute("/rounds", "initial_f1", record.initial.f1);
  if (record.weights == nullptr || record.weights->rows() == 0) return;
  file->write_virtual<float>(
      "/rounds/weights", {record.weights->rows(), record.model->layout().size()},
      record.weights->blocks(),
      {"global model before each round and at the end", "1", {"global_model", "parameter"}});
}

}  // namespace

std::string shape_text(const std::vector<int64_t>& shape) {
  std::vector<std::string> extents;
  for (const int64_t extent : shape) extents.push_back(std::to_string(extent));
  return join(extents, "x");
}

void write_config_group(h5::File* file, const ConfigRecord& config) {
  file->write_text("/config/resolved", config.resolved,
                   {"the whole configuration as INI", "1", {}});
  TableWriter table(file, "/config", "option");
  table.column("option", config.option, "name of the option");
  table.column("value", config.value, "its value");
  table.column("source", config.source, "default, command line, or the config file's name");
}

void write_run(const std::string& folder, const RunRecord& record) {
  const std::string partial = folder + "/run.h5.partial";
  try {
    h5::File file = h5::File::create(partial);
    write_root(&file, record);
    write_config_group(&file, record.config);
    write_environment(&file, record);
    write_model(&file, *record.model, record.inputs.weights);
    write_data(&file, record);
    write_rounds(&file, record);
    write_defense_group(&file, record);
    write_attack_group(&file, record);
    write_gradient_group(&file, record);
    h5::show_first(&file, file.exists("/attacks") ? "attacks" : "rounds");
    h5::label_axes(&file);
    file.close();
  } catch (const FormatError& error) {
    std::remove(partial.c_str());
    throw OutputError(fmt::format("cannot write {}/run.h5: {}", folder, error.what()));
  }
  publish_file(partial, folder + "/run.h5");
}

}  // namespace medpfl
