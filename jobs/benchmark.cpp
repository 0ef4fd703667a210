// medpfl benchmark: throughput of each hot path, beside the floor that the machine sets.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "benchmark/capture.hpp"
#include "benchmark/hot_paths.hpp"
#include "benchmark/messages.hpp"
#include "comm/rank_place.hpp"
#include "config/settings.hpp"
#include "core/error.hpp"
#include "core/process.hpp"
#include "job.hpp"
#include "results/folder/durable_file.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {
      "[mpirun -n RANKS] medpfl benchmark [comm|compute] [--section.option=value ...] [flags]",
      "Measures matching evaluations, training steps, aggregation and capture with the network "
      "of [model] and [data], medians of repeated runs, for run.output/benchmark.h5. With "
      "compute it measures engines and training alone; these take federation.batch_size images "
      "at once. With comm it measures the ways to bring a round's updates together on two ranks"
      " or more, for the network and for 1 M and 10 M parameters, beside memcpy, and says which"
      " is best here. Both write files benchmark-TOPIC.h5.",
      {"medpfl benchmark --model.name=resnet18 --run.output=runs/times",
       "medpfl benchmark compute --model.name=resnet18 --federation.batch_size=8 --run.device=cuda",
       "mpirun -n 2 medpfl benchmark comm"},
      {"run.output", "run.device", "data.image_size", "model.name", "federation.batch_size"},
      "",
      {"comm", "compute"}};
}

// Removes and returns the first word, if any, which says what is to be measured.
std::string take_topic(JobArguments* arguments) {
  std::vector<std::string>& words = arguments->line.words;
  if (words.empty()) return "";
  const std::string topic = words.front();
  words.erase(words.begin());
  return topic;
}

void check_topic(const std::string& topic, int ranks) {
  if (!topic.empty() && topic != "comm" && topic != "compute")
    throw ConfigError(fmt::format(
        "unknown benchmark '{}'; known: comm, compute, or none for all hot paths", topic));
  if (topic == "comm" && ranks < 2)
    throw ConfigError(
        "medpfl benchmark comm measures messages between ranks: start it on two ranks or more, "
        "such as mpirun -n 2 medpfl benchmark comm");
}

int run(const Communicator& comm, const JobArguments& given) {
  JobArguments arguments = given;
  const std::string topic = take_topic(&arguments);
  const Config config = read_config(comm, arguments);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  Settings settings;
  std::unique_ptr<Model> model;
  comm.agree([&] {
    check_topic(topic, comm.size());
    settings = make_settings(config);
    model = std::make_unique<Model>(
        make_model(config, settings, std::max<int64_t>(2, settings.classes)));
    if (comm.is_root()) make_folder(settings.output);
  });
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  model->compute_on(place.compute_device());
  std::vector<BenchmarkRow> rows;
  std::string conclusion;
  if (topic == "comm") {
    conclusion = benchmark_comm(comm, *model, &rows);
  } else {
    const bool all = topic.empty();
    if (all) benchmark_attack(comm, *model, &rows);
    benchmark_engines(comm, *model, std::max<int64_t>(1, settings.federation.batch_size), &rows);
    benchmark_training(comm, config, settings, *model, &rows);
    if (all) benchmark_aggregation(comm, &rows);
    if (all) benchmark_capture(comm, settings, *model, &rows);
  }
  if (!comm.is_root()) return 0;
  fmt::print("{} ranks, {} at {} px, {} channels, on {}\n", comm.size(), model->name(),
             model->input().height, model->input().channels, place.device);
  show_rows(rows);
  fmt::print("{}", conclusion);
  const std::string path =
      fmt::format("{}/benchmark{}.h5", settings.output, topic.empty() ? "" : "-" + topic);
  write_rows(path, rows, comm.size());
  fmt::print("results: {}\n", path);
  return 0;
}

}  // namespace

const Job kBenchmarkJob = {"benchmark", "times each hot path beside the machine's floor", help, run,
                           nullptr};

}  // namespace medpfl
