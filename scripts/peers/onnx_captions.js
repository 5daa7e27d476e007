// SPDX-License-Identifier: LGPL-2.1-or-later
// Does in Node what onnx_captions.cpp does through the C API, with the same arguments and results.
//
//   node onnx_captions.js FOLDER RUNS [PICTURE TOKENS]...
//
// $ONNXRUNTIME_NODE is the folder in which npm put the package onnxruntime-node.
"use strict";

const fs = require("fs");
const ort = require(process.env.ONNXRUNTIME_NODE);

const kWarmUpCaptions = 10;

function openGraph(file) {
  return ort.InferenceSession.create(file, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
}

function readTask(picture, tokens) {
  const rgb = new Uint8Array(fs.readFileSync(picture));
  const side = Math.sqrt(rgb.length / 3);
  return { picture: new ort.Tensor("uint8", rgb, [1, side, side, 3]), tokens: tokens.split(",").map(Number) };
}

function likeliestOf(scores) {
  let best = 0;
  for (let i = 1; i < scores.length; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

async function writeCaption(graphs, task) {
  const start = performance.now();
  const looked = await graphs.picture.run({ rgb: task.picture });
  const encodeMs = performance.now() - start;
  const likeliest = [];
  const logProbabilities = [];
  let hidden = looked.hidden;
  for (let i = 0; i + 1 < task.tokens.length; ++i) {
    const word = new ort.Tensor("int64", BigInt64Array.of(BigInt(task.tokens[i])), [1]);
    const result = await graphs.word.run({ word, hidden, features: looked.features, keys: looked.keys });
    hidden = result.next_hidden;
    const scores = result.log_probabilities.data;
    likeliest.push(likeliestOf(scores));
    logProbabilities.push(scores[task.tokens[i + 1]]);
  }
  const captionMs = performance.now() - start;
  const numbers = (tensor) => (tensor ? Array.from(tensor.data, Number) : []);
  return {
    line: {
      likeliest,
      log_probabilities: logProbabilities,
      tag_words: numbers(looked.tag_words),
      tag_probabilities: numbers(looked.tag_probabilities),
    },
    encodeMs,
    captionMs,
  };
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function measure(graphs, tasks, runs) {
  const times = { encode_ms: [], word_ms: [], caption_ms: [] };
  for (let i = 0; i < kWarmUpCaptions + runs; ++i) {
    const task = tasks[i % tasks.length];
    const { encodeMs, captionMs } = await writeCaption(graphs, task);
    if (i < kWarmUpCaptions) continue;
    times.encode_ms.push(encodeMs);
    times.word_ms.push((captionMs - encodeMs) / (task.tokens.length - 1));
    times.caption_ms.push(captionMs);
  }
  const medians = Object.entries(times).map(([name, values]) => [name, median(values)]);
  console.log(JSON.stringify({ version: ort.env.versions.node, ...Object.fromEntries(medians) }));
}

async function main([folder, runs, ...rest]) {
  const graphs = {
    picture: await openGraph(`${folder}/picture.onnx`),
    word: await openGraph(`${folder}/word.onnx`),
  };
  const tasks = [];
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const task = readTask(rest[i], rest[i + 1]);
    tasks.push(task);
    console.log(JSON.stringify((await writeCaption(graphs, task)).line));
  }
  if (Number(runs) > 0) await measure(graphs, tasks, Number(runs));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`onnx_captions.js: ${error.message}`);
  process.exit(1);
});
