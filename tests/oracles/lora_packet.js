// Asks npm's lora-packet: one question a line on stdin (JSON), one answer a line on stdout, in the same order.
//
// Octets are hex, as on the air; identifiers and nonces are hex, big endian; counters are numbers of 32 bits.
// lora-packet takes its keys by position, and the positions have names of 1.0; what 1.1 means by them stands beside each.
"use strict";

const readline = require("node:readline");
const lp = require("lora-packet");

const octets = (hex) => Buffer.from(hex, "hex");
const hex = (buffer) => buffer.toString("hex");

// The upper half of the counter, which does not travel: little endian, as it stands in the blocks.
const upper = (fCnt) => {
  const half = Buffer.alloc(2);
  half.writeUInt16LE(fCnt >>> 16);
  return half;
};

// ConfFCnt, TxDr and TxCh. An uplink's ConfFCnt is turned round by lora-packet, and only with an ACK; a downlink's is not.
// The buffer is written to: never give one twice.
const confirming = (q, direction) => {
  if (direction === "down") {
    const conf = Buffer.alloc(2);
    conf.writeUInt16LE(q.conf_f_cnt & 0xffff);
    return conf;
  }
  const conf = Buffer.from([0, 0, q.tx_dr, q.tx_ch]);
  conf.writeUInt16BE(q.conf_f_cnt & 0xffff);
  return conf;
};

// [NwkSKey, AppKey] of 1.0 are in 1.1 [FNwkSIntKey, SNwkSIntKey], whatever the comments in lora-packet say.
const signing = (q, direction) =>
  q.version === "1.1"
    ? [octets(q.f_nwk_s_int_key), octets(q.s_nwk_s_int_key), upper(q.f_cnt), confirming(q, direction)]
    : [octets(q.f_nwk_s_int_key), undefined, upper(q.f_cnt)];

const readData = (q) => {
  const packet = lp.fromWire(octets(q.frame));
  const valid = lp.verifyMIC(packet, ...signing(q, packet.getDir()));
  const payload = lp.decrypt(packet, octets(q.app_s_key), octets(q.nwk_s_enc_key), upper(q.f_cnt));
  const said = {
    mic: valid,
    direction: packet.getDir(),
    confirmed: packet.isConfirmed(),
    dev_addr: hex(packet.DevAddr),
    f_cnt16: packet.getFCnt(),
    f_port: packet.getFPort(),
    ack: packet.getFCtrlACK(),
    adr: packet.getFCtrlADR(),
    payload: hex(payload),
  };
  const fOpts = q.version === "1.1" ? packet.decryptFOpts(octets(q.nwk_s_enc_key), undefined, upper(q.f_cnt)) : packet.FOpts;
  return { ...said, f_opts: hex(fOpts) };
};

const makeData = (q) => {
  const fields = {
    MType: q.m_type,
    DevAddr: octets(q.dev_addr),
    FCtrl: { ADR: q.adr, ACK: q.ack, ADRACKReq: q.adr_ack_req, FPending: q.bit_4 },
    FOpts: octets(q.f_opts),
    FCnt: q.f_cnt & 0xffff,
    payload: octets(q.payload),
    ...(q.f_port === null ? {} : { FPort: q.f_port }),
  };
  if (q.version === "1.1") {
    fields.FOpts = lp.fromFields(fields).encryptFOpts(octets(q.nwk_s_enc_key), undefined, upper(q.f_cnt));
  }
  // With three keys, AppSKey is what encrypts FPort 0, too: there NwkSEncKey has to stand in its place.
  const encrypting = octets(q.version === "1.1" && q.f_port === 0 ? q.nwk_s_enc_key : q.app_s_key);
  const direction = q.m_type % 2 ? "down" : "up";
  const packet = lp.fromFields(fields, encrypting, ...signing(q, direction));
  if (q.f_port === null) lp.recalculateMIC(packet, ...signing(q, direction)); // it signs nothing without a port
  return { frame: hex(packet.getPHYPayload()) };
};

const readJoinRequest = (q) => {
  const packet = lp.fromWire(octets(q.frame));
  return {
    mic: lp.verifyMIC(packet, undefined, octets(q.key)),
    join_eui: hex(packet.AppEUI),
    dev_eui: hex(packet.DevEUI),
    dev_nonce: hex(packet.DevNonce),
  };
};

const makeJoinRequest = (q) => {
  const fields = { AppEUI: octets(q.join_eui), DevEUI: octets(q.dev_eui), DevNonce: octets(q.dev_nonce) };
  return { frame: hex(lp.fromFields(fields, undefined, undefined, octets(q.key)).getPHYPayload()) };
};

// [NwkSKey, AppKey] are here [SNwkSIntKey, JSIntKey]. It reads RJcount1 where there is none, so that is not told.
const readRejoinRequest = (q) => {
  const packet = lp.fromWire(octets(q.frame));
  return {
    mic: lp.verifyMIC(packet, octets(q.key), octets(q.key)),
    dev_eui: hex(packet.DevEUI),
    whom: hex(q.rejoin_type === 1 ? packet.JoinEUI : packet.NetID),
    rj_count: q.rejoin_type === 1 ? null : hex(packet.RJCount0),
  };
};

const signRejoinRequest = (q) => {
  const packet = lp.fromWire(octets(q.unsigned + "00000000"));
  lp.recalculateMIC(packet, octets(q.key), octets(q.key));
  return { frame: hex(packet.getPHYPayload()) };
};

// [NwkSKey, AppKey] are here [JSIntKey, the key that encrypts]; 1.0 signs with the latter.
const readJoinAccept = (q) => {
  const packet = lp.fromWire(lp.decryptJoinAccept(lp.fromWire(octets(q.frame)), octets(q.key)));
  packet.JoinReqType = octets(q.join_request_type);
  packet.JoinEUI = octets(q.join_eui);
  packet.DevNonce = octets(q.nonce);
  return {
    mic: lp.verifyMIC(packet, octets(q.js_int_key), octets(q.key)),
    join_nonce: hex(packet.JoinNonce),
    net_id: hex(packet.NetID),
    dev_addr: hex(packet.DevAddr),
    opt_neg: packet.getDLSettingsOptNeg(),
    rx1_dr_offset: packet.getDLSettingsRxOneDRoffset(),
    rx2_data_rate: packet.getDLSettingsRxTwoDataRate(),
    rx_delay: packet.getRxDelayDel(),
    cf_list: hex(packet.CFList),
  };
};

const makeJoinAccept = (q) => {
  const fields = {
    AppNonce: octets(q.join_nonce),
    NetID: octets(q.net_id),
    DevAddr: octets(q.dev_addr),
    DLSettings: octets(q.dl_settings), // octets, never a number: 0 would be taken for absent, here and in JoinReqType
    RxDelay: octets(q.rx_delay),
    CFList: octets(q.cf_list),
    JoinReqType: octets(q.join_request_type),
    AppEUI: octets(q.join_eui),
    DevNonce: octets(q.nonce),
  };
  return { frame: hex(lp.fromFields(fields, undefined, octets(q.js_int_key), octets(q.key)).getPHYPayload()) };
};

const named = (keys) => Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, hex(key)]));

const ANSWERS = {
  read_data: readData,
  make_data: makeData,
  read_join_request: readJoinRequest,
  make_join_request: makeJoinRequest,
  read_rejoin_request: readRejoinRequest,
  sign_rejoin_request: signRejoinRequest,
  read_join_accept: readJoinAccept,
  make_join_accept: makeJoinAccept,
  keys_1_0: (q) =>
    named(lp.generateSessionKeys10(octets(q.app_key), octets(q.net_id), octets(q.join_nonce), octets(q.dev_nonce))),
  keys_1_1: (q) =>
    named(
      lp.generateSessionKeys11(
        octets(q.app_key),
        octets(q.nwk_key),
        octets(q.join_eui),
        octets(q.join_nonce),
        octets(q.dev_nonce),
      ),
    ),
  keys_js: (q) => named(lp.generateJSKeys(octets(q.nwk_key), octets(q.dev_eui))),
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const question = JSON.parse(line);
  process.stdout.write(JSON.stringify(ANSWERS[question.ask](question)) + "\n");
});
