/**
 * Who is behind an alias, and on whose account, has names that nobody can list; what a request may be
 * told is wrong with it can be said in these words. A text passes when it has no others.
 */

/** Fields of requests, in the protocols that members speak. */
const fields = `
  audio arguments assistant auto background bias budget cache_control choice choices code content context
  control conversation count created custom data delta description detail developer dimensions documents
  effort embedding encoding encoding_format enum error example examples file file_id filename finish_reason
  format frequency_penalty function function_call functions high id image image_url include index input
  input_audio input_text instructions item items json json_object json_schema key_name language logit_bias
  logprobs low max_completion_tokens max_output_tokens max_tokens medium message messages metadata minimal
  modalities mode model models modality multimodal n name none object options output parallel_tool_calls
  parameter parameters part parts penalty prediction presence_penalty prompt prompt_cache_key properties
  property purpose quality reasoning reasoning_content reasoning_effort refusal repetition_penalty required
  response response_format role safety_identifier schema seed service_tier size speed stop stop_sequences
  store stream stream_options strict string style suffix summary system system_instruction temperature text
  thinking thinking_budget tier timestamp_granularities title token tokens tool tool_call tool_call_id
  tool_calls tool_choice tools top_k top_logprobs top_p truncation type types url usage user value values
  verbosity video voice web_search_options`;

/** What is said of them. */
const plain = `
  a above accept accepted accepts according add added additional additionalproperties after again all allow
  allowed allows already also always an and another any apply are argument array arrays as ask asked at
  attempt audio available bad base64 be because been before begin begins being below between big blank body
  boolean both but by byte bytes call called calls can cannot cant change changed character characters check
  close closed combination combined complete completion completions conflict conflicts contain contained
  containing contains content context corrected correct could current currently decimal decode decoded
  default defined deprecated did different digits do does doesnt double dont down duplicate duplicated each
  either element elements else empty encoded end ends entries entry equal error errors every exactly exceed
  exceeded exceeding exceeds except exclusive exist exists expect expected expecting extra fail failed fails
  false few fewer field fields first float follow followed following for found from full given got greater
  had has have having help how if ignored images immediately in include included includes including
  incorrect infinite instead int integer integers internal into invalid is isnt it its itself just keep kept
  key keys known large larger last least left length less letters level like limit limited limits line lines
  list lists long longer lower made make malformed many match matches matching maximum may maybe mean member
  members message minimum mismatch missing more most much multiple must name named names nan needs negative
  nested never new next no non none not nothing null number numbers object objects of off on once one only
  open or order other others out over pair parse parsed parsing pass passed pattern per please plural
  position positive preceding present previous primitive problem properly provide provided provides range
  read reached received reduce refused reject rejected remove repeated replace request requested requests
  require required requires respond responded result results retry return same schema second see seems
  select send sending sent separate sequence set setting should shorten shorter simultaneously single small
  smaller some something specific specified specify start starting starts still such support supported
  supports sure syntax take than that the their them then there these they this those through to together
  told too total try turn two unable undefined under unexpected unicode unique unknown unless unrecognized
  unsupported until up update upper use used uses using valid validation value very wait want was way we
  were what when where whether which while whole will with within without word words would write wrong
  yes yet you your zero`;

const harmless = new Set(`${fields} ${plain}`.split(/\s+/).filter((word) => word !== ''));
const fieldNames = new Set(fields.split(/\s+/).filter((word) => word !== ''));

/** Counts and bounds; longer ones number accounts. */
const isNumber = (word: string): boolean => /^\d{1,7}$/.test(word);

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .replaceAll(/(?<=[a-z])['’](?=[a-z])/g, '')
    .match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];

const mostCharacters = 1_000;

/** A text in plain words of validation tells nothing of who wrote it. */
export const isHarmless = (text: string): boolean =>
  text.length <= mostCharacters &&
  !/[^\s\w.,;:!?'"’‘“”`()[\]{}<>=+*/%-]/.test(text) &&
  wordsOf(text).every((word) => isNumber(word) || harmless.has(word));

/** A path of fields of a request, `messages[0].content` or `tools.0.function`. */
export const isHarmlessField = (path: string): boolean =>
  /^[\w.[\]]{1,100}$/.test(path) &&
  wordsOf(path).every((word) => isNumber(word) || fieldNames.has(word));
