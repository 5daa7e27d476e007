// SPDX-License-Identifier: LGPL-2.1-or-later
// Each check of the doctor: its verdict, and a remedy wherever something can be done.
#include "tools/doctor/checks.h"

#include <string>

#include "engine/engine_api.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

// For the failures, which must all come with something to do.
void expect_failed(const Check& check, const std::string& finding, const std::string& remedy) {
  EXPECT_EQ(check.status, CheckStatus::Failed) << check.finding;
  EXPECT_THAT(check.finding, HasSubstr(finding));
  EXPECT_THAT(check.remedy, HasSubstr(remedy));
}

void expect_warning(const Check& check, const std::string& finding, const std::string& remedy) {
  EXPECT_EQ(check.status, CheckStatus::Warning) << check.finding;
  EXPECT_THAT(check.finding, HasSubstr(finding));
  EXPECT_THAT(check.remedy, HasSubstr(remedy));
}

GstreamerFacts good_gstreamer() {
  GstreamerFacts facts;
  facts.version = "1.22.0";
  facts.plugin_file = "/usr/lib/gstreamer-1.0/libgstjetsoncaption.so";
  facts.plugin_version = "0.1.0";
  facts.is_registered = true;
  return facts;
}

EngineFacts good_engine() {
  EngineFacts facts;
  facts.path = "/usr/lib/jetsoncaption/libjetsoncaption-engine-int8.so";
  facts.was_loaded = true;
  facts.model = "tiny";
  facts.precision = "int8";
  facts.kernels = "int8-avx2";
  facts.threads = 1;
  facts.self_test = JETSONCAPTION_ENGINE_SELF_TEST_PASSED;
  return facts;
}

TEST(DoctorStatus, IsAWord) {
  EXPECT_STREQ(status_word(CheckStatus::Ok), "ok");
  EXPECT_STREQ(status_word(CheckStatus::Warning), "warning");
  EXPECT_STREQ(status_word(CheckStatus::Failed), "failed");
  EXPECT_STREQ(status_word(CheckStatus::NotHere), "not here");
}

TEST(DoctorMachine, NamesProcessorMemoryAndBoard) {
  EXPECT_EQ(check_machine({"ARMv8", 4, 4096}, "R32 (release)").finding,
            "ARMv8, 4 cores, 4.0 GB, L4T R32 (release)");
  EXPECT_EQ(check_machine({"EPYC", 2, 2048}, "").finding, "EPYC, 2 cores, 2.0 GB");
}

TEST(DoctorGstreamer, IsOkWithTheElementsThatPipelinesNeed) {
  EXPECT_EQ(check_gstreamer(good_gstreamer()).status, CheckStatus::Ok);
  EXPECT_EQ(check_gstreamer(good_gstreamer()).finding, "1.22.0");
}

TEST(DoctorGstreamer, MissesTheBasePlugins) {
  GstreamerFacts facts = good_gstreamer();
  facts.missing_elements = {"videoconvert", "decodebin"};
  expect_warning(check_gstreamer(facts), "without videoconvert, decodebin",
                 "gstreamer1.0-plugins-base");
}

TEST(DoctorGstreamer, FailsWhenItDoesNotStart) {
  GstreamerFacts facts = good_gstreamer();
  facts.init_error = "broken";
  expect_failed(check_gstreamer(facts), "does not start: broken", "reinstall");
}

TEST(DoctorPlugin, IsOkWhenRegisteredAndLoadable) {
  const Check check = check_plugin(good_gstreamer(), "0.1.0");
  EXPECT_EQ(check.status, CheckStatus::Ok);
  EXPECT_THAT(check.finding, HasSubstr("/usr/lib/gstreamer-1.0/libgstjetsoncaption.so"));
  EXPECT_EQ(check.remedy, "");
}

TEST(DoctorPlugin, NamesTheFoldersWhereItIsNot) {
  GstreamerFacts facts;
  facts.version = "1.22.0";
  facts.searched = {"/first", "/second"};
  expect_failed(check_plugin(facts, "0.1.0"), "in /first, /second", "GST_PLUGIN_PATH");
}

TEST(DoctorPlugin, SaysWhyItIsBlacklistedAndHowToTryAgain) {
  GstreamerFacts facts = good_gstreamer();
  facts.is_registered = false;
  facts.is_blacklisted = true;
  facts.load_error = "libpangocairo-1.0.so.0: cannot open shared object file";
  expect_failed(check_plugin(facts, "0.1.0"), "is blacklisted: libpangocairo-1.0.so.0",
                "rm ~/.cache/gstreamer-1.0/registry.*.bin");
}

TEST(DoctorPlugin, SaysHowToForgetABlacklistingThatHasNoCauseAnyMore) {
  GstreamerFacts facts = good_gstreamer();
  facts.is_registered = false;
  facts.is_blacklisted = true;
  expect_failed(check_plugin(facts, "0.1.0"), "can be loaded, but is blacklisted",
                "rm ~/.cache/gstreamer-1.0/registry.*.bin");
}

TEST(DoctorPlugin, FailsWhenTheRegistryIsOlderThanTheFile) {
  GstreamerFacts facts = good_gstreamer();
  facts.load_error = "undefined symbol: gst_something";
  expect_failed(check_plugin(facts, "0.1.0"), "undefined symbol: gst_something", "build");
}

TEST(DoctorPlugin, NamesTheFolderThatGStreamerDoesNotSearch) {
  GstreamerFacts facts = good_gstreamer();
  facts.is_registered = false;
  facts.plugin_file = "/usr/local/lib/gstreamer-1.0/libgstjetsoncaption.so";
  expect_failed(check_plugin(facts, "0.1.0"), "can be loaded",
                "GST_PLUGIN_PATH=/usr/local/lib/gstreamer-1.0,");
}

TEST(DoctorPlugin, WarnsOfAnotherRelease) {
  expect_warning(check_plugin(good_gstreamer(), "0.2.0"), "this program is 0.2.0", "one release");
}

TEST(DoctorEngine, IsOkWhenItOpens) {
  EXPECT_EQ(check_engine(good_engine()).status, CheckStatus::Ok);
  EXPECT_EQ(check_engine(good_engine()).finding, good_engine().path);
}

TEST(DoctorEngine, ExplainsStaticTls) {
  EngineFacts facts;
  facts.open_error =
      "libgomp.so.1: cannot allocate memory in static TLS block. Start the program with "
      "LD_PRELOAD=/usr/lib/aarch64-linux-gnu/libgomp.so.1 in its environment.";
  expect_failed(check_engine(facts), "LD_PRELOAD=/usr/lib/aarch64-linux-gnu/libgomp.so.1",
                "preloaded");
}

TEST(DoctorEngine, RepeatsWhyItDoesNotOpen) {
  EngineFacts facts;
  facts.open_error = "It does not exist. Build it.";
  expect_failed(check_engine(facts), "It does not exist. Build it.", "docs/troubleshooting.md");
}

LibtorchFacts libtorch_of_debian() {
  LibtorchFacts facts;
  facts.version = "1.13.1";
  facts.quantized_engines = {"QNNPACK", "ONEDNN"};
  facts.file = "/usr/lib/aarch64-linux-gnu/libtorch_cpu.so.1.13";
  facts.is_on_arm64 = true;
  facts.cpu_features = {"fp", "asimd", "aes", "crc32"};  // a Nano
  return facts;
}

LibtorchFacts generic_wheel() {
  LibtorchFacts facts = libtorch_of_debian();
  facts.file = "/home/me/.local/lib/python3.8/site-packages/torch/lib/libtorch_cpu.so";
  return facts;
}

TEST(DoctorLibtorch, ListsItsQuantizedEngines) {
  LibtorchFacts facts = libtorch_of_debian();
  EXPECT_EQ(check_libtorch(facts).finding,
            "1.13.1, /usr/lib/aarch64-linux-gnu/libtorch_cpu.so.1.13, quantized engines: QNNPACK, "
            "ONEDNN");
  facts.quantized_engines = {};
  EXPECT_THAT(check_libtorch(facts).finding, HasSubstr("none (none is needed)"));
  EXPECT_EQ(check_libtorch(facts).status, CheckStatus::Ok) << "as on every Jetson board";
}

TEST(DoctorLibtorch, WarnsOfAGenericWheelOnAnOldProcessor) {
  expect_warning(check_libtorch(generic_wheel()),
                 "illegal instruction here: this processor has no atomics and no asimddp",
                 "Use NVIDIA's LibTorch for this board");
  LibtorchFacts facts = generic_wheel();
  facts.file = "/usr/local/lib/python3.6/dist-packages/torch/lib/libtorch_cpu.so";
  facts.cpu_features.emplace_back("atomics");  // a Xavier
  expect_warning(check_libtorch(facts), "this processor has no asimddp", "libtorch-dev");
}

TEST(DoctorLibtorch, DoesNotMindAGenericWheelOnANewProcessor) {
  LibtorchFacts facts = generic_wheel();
  facts.cpu_features = {"fp", "asimd", "atomics", "asimddp"};  // an Orin
  EXPECT_EQ(check_libtorch(facts).status, CheckStatus::Ok);
}

TEST(DoctorLibtorch, DoesNotMindDebiansPackageOrNvidiasWheel) {
  EXPECT_EQ(check_libtorch(libtorch_of_debian()).status, CheckStatus::Ok);
  LibtorchFacts facts = generic_wheel();
  facts.is_for_cuda = true;
  EXPECT_EQ(check_libtorch(facts).status, CheckStatus::Ok);
}

TEST(DoctorLibtorch, DoesNotMindWheelsOfOtherProcessorsOrThatNobodyKnows) {
  LibtorchFacts facts = generic_wheel();
  facts.is_on_arm64 = false;
  EXPECT_EQ(check_libtorch(facts).status, CheckStatus::Ok);
  facts = generic_wheel();
  facts.cpu_features = {};
  EXPECT_EQ(check_libtorch(facts).status, CheckStatus::Ok);
}

TEST(DoctorArithmetic, IsOkWithoutADifference) {
  EXPECT_EQ(check_arithmetic("").status, CheckStatus::Ok);
}

TEST(DoctorArithmetic, FailsWithTheOperationThatIsWrong) {
  expect_failed(check_arithmetic("exp(1) is 1 instead of 2.71828"),
                "wrongly here: exp(1) is 1 instead of 2.71828", "another build of LibTorch");
}

std::string maps_of(const std::string& file) {
  return "7f00-7f01 r-xp 00000000 fe:00 1                /usr/lib/x86_64-linux-gnu/libc.so.6\n"
         "7f02-7f03 r-xp 00000000 fe:00 2                " +
         file + "\n7f03-7f04 rw-p 00001000 fe:00 2                " + file +
         "\n7f05-7f06 rw-p 00000000 00:00 0 \n7ffe-7fff rw-p 00000000 00:00 0    [stack]\n";
}

TEST(DoctorBlas, WarnsOfTheReferenceBlas) {
  for (const char* file :
       {"/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0",
        "/usr/lib/aarch64-linux-gnu/blas/libblas.so.3.7.1", "/usr/lib/libblas.so.3"})
    expect_warning(check_blas("", maps_of(file)), std::string(file) + " is the reference BLAS",
                   "apt install libopenblas0-pthread");
}

TEST(DoctorBlas, IsOkWithAFastOne) {
  for (const char* file : {"/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so",
                           "/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3",
                           "/usr/lib/x86_64-linux-gnu/libmkl_rt.so",
                           "/usr/lib/x86_64-linux-gnu/blis-openmp/libblas.so.3",
                           "/usr/lib/x86_64-linux-gnu/atlas/libblas.so.3"}) {
    EXPECT_EQ(check_blas("", maps_of(file)).status, CheckStatus::Ok) << file;
    EXPECT_EQ(check_blas("", maps_of(file)).finding, file);
  }
}

TEST(DoctorBlas, IsOkWhenSomethingElseLoadsTheReferenceBesideAFastOne) {
  EXPECT_EQ(check_blas("", maps_of("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0") +
                               maps_of("/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3"))
                .status,
            CheckStatus::Ok);
}

TEST(DoctorBlas, IsTheOneThatLibTorchCallsWhateverElseIsMapped) {
  const std::string reference = "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0";
  const std::string fast = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so";
  expect_warning(check_blas(reference, maps_of(fast)), reference, "update-alternatives");
  EXPECT_EQ(check_blas(fast, maps_of(reference)).finding, fast);
  EXPECT_EQ(check_blas("/opt/torch/lib/libtorch_cpu.so", maps_of(reference)).status,
            CheckStatus::Ok);
}

TEST(DoctorBlas, MayBeInsideLibTorch) {
  EXPECT_EQ(check_blas("", maps_of("/opt/torch/lib/libtorch_cpu.so")).status, CheckStatus::Ok);
  EXPECT_EQ(check_blas("", "").status, CheckStatus::Ok);
}

TEST(DoctorBlas, TellsWhichKernelsOpenBlasChose) {
  const Check check = check_blas("/usr/lib/libopenblas.so.0", "", "Haswell");
  EXPECT_EQ(check.status, CheckStatus::Ok);
  EXPECT_EQ(check.finding, "/usr/lib/libopenblas.so.0, kernels of Haswell");
}

TEST(DoctorCuda, IsNotNeeded) {
  EXPECT_EQ(check_cuda({false, false}).status, CheckStatus::NotHere);
  EXPECT_EQ(check_cuda({true, true}).status, CheckStatus::Ok);
  const Check half = check_cuda({true, false});
  EXPECT_EQ(half.status, CheckStatus::NotHere);
  EXPECT_THAT(half.finding, HasSubstr("built without CUDA"));
  EXPECT_THAT(half.remedy, HasSubstr("-Dtorch_dir="));
}

TEST(DoctorGstreamer, IsNotHereInABuildWithoutIt) {
  EXPECT_EQ(check_gstreamer({}).status, CheckStatus::NotHere);
  EXPECT_EQ(check_plugin({}, "1").status, CheckStatus::NotHere);
}

TEST(DoctorNvmm, ListsTheLibraries) {
  const std::string library = "/usr/lib/aarch64-linux-gnu/tegra/libnvbufsurface.so";
  const Check check = check_nvmm({true, {library}});
  EXPECT_EQ(check.status, CheckStatus::Ok);
  EXPECT_EQ(check.finding, library);
}

TEST(DoctorNvmm, IsNotHereOnOtherMachines) {
  EXPECT_EQ(check_nvmm({false, {}}).status, CheckStatus::NotHere);
}

TEST(DoctorNvmm, IsMissedInAContainerOnAJetsonBoard) {
  expect_warning(check_nvmm({true, {}}), "this is a Jetson board", "--runtime nvidia");
}

MemoryFacts roomy() {
  MemoryFacts facts;
  facts.total_mb = 8000;
  facts.available_mb = 6000;
  facts.needed_mb = 200;
  return facts;
}

TEST(DoctorMemory, IsOkWithRoomAndWithoutALimit) {
  const Check check = check_memory(roomy());
  EXPECT_EQ(check.status, CheckStatus::Ok);
  EXPECT_EQ(check.finding,
            "8000 MB in all, 6000 MB to be had, no cgroup limit; engine and model need 200 MB");
}

TEST(DoctorMemory, WarnsWhenLittleIsLeft) {
  MemoryFacts facts = roomy();
  facts.available_mb = 250;
  expect_warning(check_memory(facts), "250 MB to be had",
                 "need some 300 MB, which is 50 MB more than there is: end other programs");
}

TEST(DoctorMemory, WarnsWhenTheCgroupKillsBeforeTheElementWarns) {
  MemoryFacts facts = roomy();
  facts.cgroup_limit_mb = 1024;
  facts.available_mb = 900;
  expect_warning(check_memory(facts), "cgroup limit 1024 MB", "set it to some 768");
}

TEST(DoctorMemory, WarnsOnABoardWithLessThanTheThreshold) {
  MemoryFacts facts = roomy();
  facts.total_mb = 2000;
  facts.available_mb = 1500;
  expect_warning(check_memory(facts), "2000 MB in all", "set it to some 1500");
}

TEST(DoctorMemory, DoesNotMindALimitAboveTheThreshold) {
  MemoryFacts facts = roomy();
  facts.cgroup_limit_mb = 4000;
  EXPECT_EQ(check_memory(facts).status, CheckStatus::Ok);
}

TEST(DoctorMemory, WarnsOfASmallBoardWithoutSwap) {
  MemoryFacts facts = roomy();
  facts.total_mb = 3964;
  facts.available_mb = 3000;
  facts.swap_mb = 0;
  const Check check = check_memory(facts);
  expect_warning(check, "no cgroup limit, no swap", "With 3964 MB and no swap the kernel ends");
  EXPECT_THAT(check.remedy, HasSubstr("zram"));
  EXPECT_THAT(check.remedy, HasSubstr("swap file; docs/jetson.md"));
}

TEST(DoctorMemory, NamesEverythingThatIsWrong) {
  MemoryFacts facts = roomy();
  facts.total_mb = 1980;
  facts.available_mb = 250;
  facts.swap_mb = 0;
  const Check check = check_memory(facts);
  EXPECT_THAT(check.remedy, HasSubstr("50 MB more than there is"));
  EXPECT_THAT(check.remedy, HasSubstr("With 1980 MB and no swap"));
}

TEST(DoctorMemory, IsOkWithSwapOrWithoutTheNeedForIt) {
  MemoryFacts facts = roomy();
  facts.swap_mb = 0;
  EXPECT_EQ(check_memory(facts).status, CheckStatus::Ok) << "8000 MB";
  facts.total_mb = 3964;
  facts.available_mb = 3000;
  facts.swap_mb = 1982;
  EXPECT_EQ(check_memory(facts).status, CheckStatus::Ok);
  EXPECT_THAT(check_memory(facts).finding, HasSubstr("1982 MB of swap"));
  facts.swap_mb = std::nullopt;
  EXPECT_EQ(check_memory(facts).status, CheckStatus::Ok) << "not known";
}

TEST(DoctorMemory, DoesNotMindThatNobodyKnows) {
  EXPECT_EQ(check_memory({}).status, CheckStatus::Ok);
}

TEST(DoctorModel, IsOkWhenItLoads) {
  const Check check = check_model({"/models/tiny", ""}, good_engine());
  EXPECT_EQ(check.status, CheckStatus::Ok);
  EXPECT_EQ(check.finding, "tiny in /models/tiny, int8, int8-avx2 kernels, 1 thread");
}

TEST(DoctorModel, SaysWhereItWasLookedFor) {
  expect_failed(check_model({"", "There is none in /here; use --model DIR."}, good_engine()),
                "There is none in /here", "");
}

TEST(DoctorModel, IsNotBlamedForTheEngine) {
  EXPECT_EQ(check_model({"/models/tiny", ""}, EngineFacts{}).status, CheckStatus::NotHere);
}

TEST(DoctorModel, SaysWhyItCannotBeLoaded) {
  EngineFacts engine = good_engine();
  engine.was_loaded = false;
  engine.load_error = "config.json is damaged";
  expect_failed(check_model({"/models/tiny", ""}, engine), "config.json is damaged", "--model");
}

TEST(DoctorModel, WarnsOfInt8WithoutKernels) {
  EngineFacts engine = good_engine();
  engine.kernels = "dequantized";
  expect_warning(check_model({"/models/tiny", ""}, engine), "dequantized", "precision fp16");
}

TEST(DoctorModel, WarnsThatTheGpuHasTooLittleMemory) {
  EngineFacts engine = good_engine();
  engine.device_fallback = "The memory of the GPU ran out.";
  expect_warning(check_model({"/models/tiny", ""}, engine), "The memory of the GPU ran out.",
                 "docs/memory.md");
}

TEST(DoctorSelfTest, IsOkWhenItPassed) {
  EXPECT_EQ(check_self_test(good_engine()).status, CheckStatus::Ok);
}

TEST(DoctorSelfTest, FailsWithTheSentenceOfTheEngine) {
  EngineFacts engine = good_engine();
  engine.self_test = JETSONCAPTION_ENGINE_SELF_TEST_FAILED;
  engine.self_test_failure = "The model tiny fails its self-test with LibTorch 1.9.0.";
  expect_failed(check_self_test(engine), "fails its self-test with LibTorch 1.9.0",
                "docs/troubleshooting.md");
}

TEST(DoctorSelfTest, MayBeAbsent) {
  EngineFacts engine = good_engine();
  engine.self_test = JETSONCAPTION_ENGINE_SELF_TEST_ABSENT;
  EXPECT_EQ(check_self_test(engine).status, CheckStatus::NotHere);
  EXPECT_THAT(check_self_test(engine).remedy, HasSubstr("--write"));
  EXPECT_EQ(check_self_test(EngineFacts{}).status, CheckStatus::NotHere) << "no model";
}

}  // namespace
}  // namespace jetsoncaption
