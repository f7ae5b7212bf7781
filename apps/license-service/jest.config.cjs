module.exports = { ...require('../../jest.preset.js'), displayName: 'license-service' };
