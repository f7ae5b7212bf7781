module.exports = { ...require('../../jest.preset.js'), displayName: 'uplink-gate' };
