module.exports = { ...require('../../jest.preset.js'), displayName: 'behavior-monitor' };
